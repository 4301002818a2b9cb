"""The network of the local Azure: one bridge, the services' addresses on the host, one namespace per node.

The bridge lives in a namespace of its own and the host takes part by one interface. So whatever firewall, forwarding
or Docker rules the host has, frames between nodes never meet them, and the host's own are never changed.

    host:        slipway0 (172.31.224.1 to .4) ──┐
    slipway-hub:                             [ bridge ]── port of each namespace
    slipway-1-cp, slipway-1-n0, …:               └── eth0
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from local_azure.command import CommandFailed, run
from local_azure.instance import BRIDGE, GIT, HOST, NETWORK, REGISTRY, SIMULATOR

HUB = "slipway-hub"
NAMESPACES = Path("/run/netns")
PREFIX = "slipway-"
_lock = threading.Lock()
"""`ip netns add` makes its folder a mount point at first use, which two at a time would do twice."""


def control_plane(cluster: int) -> str:
    """The namespace of a cluster's control plane."""
    return f"{PREFIX}{cluster}-cp"


def node(cluster: int, number: int) -> str:
    """The namespace of a node."""
    return f"{PREFIX}{cluster}-n{number}"


def exists(namespace: str) -> bool:
    """Whether there is such a network namespace."""
    return (NAMESPACES / namespace).exists()


def has_bridge() -> bool:
    """Whether this network namespace has the interface; /sys may show another namespace's, as in a container."""
    return any(name == BRIDGE for _, name in socket.if_nameindex())


def ensure_bridge() -> None:
    """Create the bridge and put the host's addresses on its side; does nothing when all is there."""
    _ensure_namespace(HUB)
    if not _has_link(HUB, "bridge"):
        _ip(HUB, "link", "add", "bridge", "type", "bridge", "forward_delay", "0")
        _ip(HUB, "link", "set", "bridge", "up")
    if not has_bridge():
        run(["ip", "link", "add", BRIDGE, "type", "veth", "peer", "name", "host", "netns", HUB])
    _ip(HUB, "link", "set", "host", "master", "bridge", "up")
    run(["ip", "address", "replace", f"{HOST}/{NETWORK.prefixlen}", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    for service in (SIMULATOR, GIT, REGISTRY):
        run(["ip", "address", "replace", f"{service}/32", "dev", BRIDGE])


def attach(namespace: str, address: IPv4Address) -> None:
    """Create a namespace whose eth0 is on the bridge with `address`; does nothing when it is there."""
    _ensure_namespace(namespace)
    port = namespace.removeprefix(PREFIX)
    if not _has_link(namespace, "eth0"):
        # An address always has the same hardware address, or neighbours would remember an earlier node's.
        hardware = "02:00:" + ":".join(f"{byte:02x}" for byte in address.packed)
        peer = ["peer", "name", "eth0", "netns", namespace, "address", hardware]
        _ip(HUB, "link", "add", port, "type", "veth", *peer)
    _ip(HUB, "link", "set", port, "master", "bridge", "up")
    _ip(namespace, "address", "replace", f"{address}/{NETWORK.prefixlen}", "dev", "eth0")
    for link in ("lo", "eth0"):
        _ip(namespace, "link", "set", link, "up")


def route_pods(namespace: str, routes: Mapping[IPv4Network, IPv4Address]) -> None:
    """Make the pod routes of a namespace exactly these: pods' network to the address of their node."""
    text = run(["ip", "-json", "-netns", namespace, "route", "show", "proto", "static"])
    current = {(entry["dst"], entry.get("gateway")) for entry in json.loads(text or "[]")}
    wanted = {(str(pods), str(via)) for pods, via in routes.items()}
    for pods, _ in current - wanted:
        _ip(namespace, "route", "delete", pods, "proto", "static")
    for pods, via in wanted - current:
        _ip(namespace, "route", "replace", pods, "via", str(via), "proto", "static")


def forward(namespace: str, *, services: IPv4Network, all_pods: IPv4Network) -> None:
    """Let a node's namespace forward for its pods.

    What pods send to other pods keeps its source, all else that leaves the node gets the node's (as in AKS). Service
    addresses need a route, since the kernel looks for one before kube-proxy's rules rewrite them. There is no default
    route: what is neither here nor simulated fails at once instead of hanging.
    """
    inside = ["nsenter", f"--net={NAMESPACES / namespace}", "--"]
    run([*inside, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
    _ip(namespace, "route", "replace", str(services), "via", str(HOST))
    rule = ["POSTROUTING", "-s", str(all_pods), "!", "-d", str(all_pods), "-o", "eth0", "-j", "MASQUERADE"]
    try:
        run([*inside, "iptables", "-w", "-t", "nat", "-C", *rule])
    except CommandFailed:
        run([*inside, "iptables", "-w", "-t", "nat", "-A", *rule])


def detach(namespace: str) -> bool:
    """Remove a namespace with all that is in it; returns whether it was there."""
    if _has_link(namespace, "eth0"):
        # The kernel takes a namespace down later; its port must be gone now, so that the name is free again.
        _ip(namespace, "link", "delete", "eth0")
    if not exists(namespace):
        return False
    run(["ip", "netns", "delete", namespace])
    return True


def remove() -> list[str]:
    """Remove all namespaces, the bridge and the host's interface; returns what was there."""
    removed = [namespace for namespace in namespaces() if detach(namespace)]
    if has_bridge():
        run(["ip", "link", "delete", BRIDGE])
        removed.append(BRIDGE)
    return removed


def namespaces() -> list[str]:
    """The local Azure's namespaces, the hub last."""
    if not NAMESPACES.is_dir():
        return []
    found = (path.name for path in NAMESPACES.iterdir() if re.fullmatch(PREFIX + r"(hub|\d+-(cp|n\d+))", path.name))
    return sorted(found, key=lambda name: (name == HUB, name))


def _ensure_namespace(namespace: str) -> None:
    with _lock:
        if not exists(namespace):
            run(["ip", "netns", "add", namespace])


def _has_link(namespace: str, link: str) -> bool:
    if not exists(namespace):
        return False
    try:
        _ip(namespace, "link", "show", link)
    except CommandFailed:
        return False
    return True


def _ip(namespace: str, *words: str) -> None:
    run(["ip", "-netns", namespace, *words])
