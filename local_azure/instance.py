"""Where the one local Azure of a machine lives: its folders, addresses and well-known identities.

Everything of it is inside these folders and this network, so that it can be removed whole. The addresses are given
out on a bridge of its own; nothing here is ever a host's real network.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

STATE = Path("/var/lib/slipway")
"""What survives a stop: clusters' data, the simulator's database, Git repositories. Root only."""

RUN = Path("/run/slipway")
"""Sockets, which need short paths."""

CACHE = Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway")
"""Tools, images and the certificate authority: shared by checkouts, kept by `make local-down`."""

PULUMI_HOME = CACHE / "pulumi-home"
"""A Pulumi home of our own, so that no other stack ever finds the stand-in azure-native provider."""

BRIDGE = "slipway0"
NETWORK = IPv4Network("172.31.224.0/19")
HOST = NETWORK[1]
SIMULATOR = NETWORK[2]
GIT = NETWORK[3]
REGISTRY = NETWORK[4]
MAX_CLUSTERS = 31

TENANT_ID = "7e4a0000-0000-4000-8000-000000000001"
SUBSCRIPTION_ID = "5b5c0000-0000-4000-8000-000000000001"
OPERATOR_CLIENT_ID = "0be40000-0000-4000-8000-000000000001"
"""Who runs `pulumi`: Owner of the subscription, federated to the local Azure's own issuer."""

AKS_SERVER_APP_ID = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Entra application of every AKS API server: https://learn.microsoft.com/azure/aks/kubelogin-authentication"""


def cluster_network(index: int) -> IPv4Network:
    """The /24 of cluster `index` (1 to MAX_CLUSTERS)."""
    if not 1 <= index <= MAX_CLUSTERS:
        raise ValueError(f"cluster index {index} is not between 1 and {MAX_CLUSTERS}")
    return IPv4Network((int(NETWORK.network_address) + index * 256, 24))


def api_server(index: int) -> IPv4Address:
    """The address of cluster `index`'s API server."""
    return cluster_network(index)[1]


def node_address(index: int, node: int) -> IPv4Address:
    """The address of node number `node` (0 to 239) of cluster `index`."""
    if not 0 <= node < 240:
        raise ValueError(f"node number {node} is not between 0 and 239")
    return cluster_network(index)[10 + node]
