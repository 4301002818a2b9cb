"""Can this machine run the local Azure? Everything that stands against it is said at once, before anything is made."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network, ip_interface
from pathlib import Path
from typing import Any

from local_azure.command import CommandFailed, run
from local_azure.errors import LocalAzureError
from local_azure.instance import BRIDGE, NETWORK, STATE
from local_azure.machine import cgroups, network, packages, processes

MEMORY_GIB = 6
DISK_GB = 8
INOTIFY_INSTANCES = 96
"""What a management cluster of two nodes and a workload cluster use of root's, doubled."""

PORTS = {"tcp": (53, 443), "udp": (53,)}
_LISTENING = {"tcp": "0A", "udp": "07"}

_NETWORK_TRIAL = """
ip link add trial0 type bridge && ip link add trial1 type veth peer name trial2 &&
iptables -w -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
"""


def check() -> None:
    """Check everything.

    Raises:
        LocalAzureError: one line for each thing that has to be mended.
    """
    problems = find()
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise LocalAzureError(f"this machine cannot run the local Azure:\n{lines}")


def find() -> list[str]:
    """What stands against running it; empty when nothing does."""
    if problems := [*platform_problems(platform.system(), platform.machine()), *_privileges()]:
        return problems
    if missing := packages.missing():
        # The other checks need them.
        return [f"packages are missing: {' '.join(packages.install_command(missing))}"]
    problems = [*_taken(), *(_kernel() or _firewall())]
    if not any(processes.alive(name) for name in processes.names()):
        # What runs already has taken its memory, disk space and ports.
        problems += [*_resources(), *_ports()]
    return problems


def platform_problems(system: str, machine: str) -> list[str]:
    """Whether programs for Linux on x86-64 run here."""
    if system == "Linux" and machine == "x86_64":
        return []
    return [f"it needs Linux on x86-64, this is {system} on {machine}: use a virtual machine"]


def _privileges() -> list[str]:
    if os.geteuid() == 0:
        return []
    return ["it needs root, for network namespaces, mounts and control groups: sudo make local"]


def _taken() -> Iterator[str]:
    if network.has_bridge() and not network.exists(network.HUB):
        yield f"the interface {BRIDGE} exists and is not ours: rename or delete it (ip link delete {BRIDGE})"
    yield from overlapping(
        json.loads(run(["ip", "-json", "address"]) or "[]"), json.loads(run(["ip", "-json", "-4", "route"]) or "[]")
    )


def overlapping(links: Iterable[dict[str, Any]], routes: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Who else uses addresses of our network.

    A wider route (a VPN's 172.16.0.0/12, say) is no obstacle: ours is the more specific one.

    Args:
        links, routes: as `ip -json address` and `ip -json route` print them.
    """
    wanted = f"and the local Azure needs {NETWORK}: take it down, or use another machine"
    for link in links:
        for address in link.get("addr_info", []):
            if address["family"] != "inet" or link["ifname"] == BRIDGE:
                continue
            interface = ip_interface(f"{address['local']}/{address['prefixlen']}")
            if interface.ip in NETWORK:
                yield f"{link['ifname']} has the address {interface}, {wanted}"
    for route in routes:
        if route["dst"] == "default" or route.get("dev") == BRIDGE:
            continue
        if IPv4Network(route["dst"]).subnet_of(NETWORK):
            yield f"{route['dst']} is routed to {route.get('dev', 'elsewhere')}, {wanted}"


def firewalled(rules: str) -> bool:
    """Whether packets from our interface to this machine are dropped, by `iptables -S INPUT`."""
    lines = rules.splitlines()
    accepted = f"-A INPUT -i {BRIDGE} -j ACCEPT"
    return any(line in {"-P INPUT DROP", "-P INPUT REJECT"} for line in lines) and accepted not in lines


def _firewall() -> list[str]:
    if not firewalled(run(["iptables", "-w", "-S", "INPUT"])):
        return []
    return [
        "the firewall drops what is not allowed, and clusters could not reach the services on this machine: "
        f"iptables -I INPUT -i {BRIDGE} -j ACCEPT (ufw: ufw allow in on {BRIDGE})"
    ]


def _ports() -> Iterator[str]:
    for protocol, ports in PORTS.items():
        for family in ("", "6"):
            table = Path(f"/proc/net/{protocol}{family}")
            text = table.read_text() if table.exists() else ""
            for port in wildcard_ports(text, _LISTENING[protocol]) & set(ports):
                yield (
                    f"something listens on {protocol} port {port} of all addresses, of ours too (see `ss -lnp`): "
                    "let it listen on its own address, or stop it"
                )


def wildcard_ports(table: str, state: str) -> set[int]:
    """The ports that are open on every address, from /proc/net/{tcp,udp}{,6}.

    Args:
        state: the socket state that counts, two hexadecimal digits.
    """
    found = set()
    for line in table.splitlines()[1:]:
        _, local, _, socket_state, *_ = line.split()
        address, _, port = local.partition(":")
        if not address.strip("0") and socket_state == state:
            found.add(int(port, 16))
    return found


def _resources() -> Iterator[str]:
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) / 1024**2
    if available < MEMORY_GIB:
        yield f"{available:.1f} GiB of memory are available, it needs {MEMORY_GIB}: end other programs"
    free = shutil.disk_usage(_existing(STATE)).free / 1e9
    if free < DISK_GB:
        yield f"{free:.1f} GB are free on the disk of {STATE}, it needs {DISK_GB}: free some"
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    if limit < INOTIFY_INSTANCES:
        yield f"only {limit} inotify instances are allowed: sysctl -w fs.inotify.max_user_instances=512"


def _kernel() -> list[str]:
    """Tried in namespaces that are gone with the command, so that nothing has to be undone."""
    trials: list[tuple[str, Callable[[], None]]] = [
        ("network namespaces, bridges, veth pairs and masquerading", _try_network),
        ("overlay file systems", _try_overlay),
    ]
    problems = []
    for what, trial in trials:
        try:
            trial()
        except CommandFailed as failure:
            reason = (failure.output.strip().splitlines() or [failure.what])[-1]
            problems.append(f"the kernel does not offer {what} ({reason}): use a virtual machine, or a newer kernel")
    if not cgroups.writable():
        problems.append("control groups are not mounted, or read-only: use a virtual machine instead of a container")
    return problems


def _try_network() -> None:
    run(["unshare", "--net", "sh", "-c", _NETWORK_TRIAL])


def _try_overlay() -> None:
    with tempfile.TemporaryDirectory(dir=_existing(STATE), prefix="slipway-trial-") as folder:
        for name in ("lower", "upper", "work", "merged"):
            Path(folder, name).mkdir()
        options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        run(["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, f"{folder}/merged"])


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
