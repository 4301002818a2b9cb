"""The address ranges of a management cluster, and the rules that keep them apart."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations, product
from typing import Final

from infra.problems import Problem

RESERVED: Final = tuple(
    IPv4Network(cidr) for cidr in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
)
"""AKS uses these itself: https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning"""

PRIVATE: Final = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and the shared range of RFC 6598."""

KEPT_BY_AZURE: Final = 5
"""Addresses of each subnet: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq"""

PODS_OF_A_NODE: Final = 24
"""Prefix length of what each node gets of the pods' range: https://learn.microsoft.com/azure/aks/azure-cni-overlay"""

DNS_HOST: Final = 10
"""The cluster's DNS service is host number 10 of the service range, as in AKS's own default (10.0.0.10)."""


def problems(
    ranges: dict[str, IPv4Network], subnets_of: dict[str, str], peers: dict[str, IPv4Network]
) -> Iterator[Problem]:
    """What is wrong with a set of ranges.

    Args:
        ranges: by config key.
        subnets_of: for each key that is a subnet, the key of the network it lies in.
        peers: ranges of other networks, which all of these must be apart from.
    """
    for key, network in ranges.items():
        yield from _usable(key, network)
    for key, parent in subnets_of.items():
        if not ranges[key].subnet_of(ranges[parent]):
            yield Problem(
                key, str(ranges[key]), f"is not inside {parent} ({ranges[parent]})", "Choose a part of that range"
            )
    outermost = {key: network for key, network in ranges.items() if key not in subnets_of}
    subnets = {key: ranges[key] for key in subnets_of}
    pairs = [*combinations(outermost.items(), 2), *combinations(subnets.items(), 2)]
    for (one, first), (other, second) in [*pairs, *product(outermost.items(), peers.items())]:
        if first.overlaps(second):
            yield Problem(
                other, str(second), f"overlaps {one} ({first})", "Choose ranges that have no address in common"
            )


def subnet_too_small(key: str, subnet: IPv4Network, nodes: int) -> Iterator[Problem]:
    """A subnet that has fewer addresses than there may be nodes."""
    room = max(subnet.num_addresses - KEPT_BY_AZURE, 0)
    if room < nodes:
        rule = f"has room for {room} nodes; the pools may have {nodes}, those included that an upgrade adds"
        yield Problem(key, str(subnet), rule, "Choose a larger range, or fewer nodes")


def pods_too_few(key: str, pods: IPv4Network, nodes: int) -> Iterator[Problem]:
    """A pod range that has fewer parts than there may be nodes."""
    room = 2 ** (PODS_OF_A_NODE - pods.prefixlen) if pods.prefixlen <= PODS_OF_A_NODE else 0
    if room < nodes:
        rule = (
            f"has a /{PODS_OF_A_NODE} for {room} nodes; the pools may have {nodes}, those included that an upgrade adds"
        )
        yield Problem(key, str(pods), rule, "Choose a larger range, or fewer nodes")


def _usable(key: str, network: IPv4Network) -> Iterator[Problem]:
    if not any(network.subnet_of(private) for private in PRIVATE):
        yield Problem(key, str(network), "is not a private range", "Choose one inside 10.0.0.0/8, for example")
    for reserved in RESERVED:
        if network.overlaps(reserved):
            yield Problem(key, str(network), f"overlaps {reserved}, which AKS uses itself", "Choose another range")


def dns_service_ip(services: IPv4Network) -> str:
    """The address of the cluster's DNS service inside its service range (a /28 or larger)."""
    return str(services[DNS_HOST])
