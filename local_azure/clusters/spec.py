"""What a cluster and its node pools are asked to be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from urllib.parse import urlsplit

from local_azure.errors import LocalAzureError

NODE_PREFIX_LENGTH = 24
"""Size of each node's pod network, as in AKS with overlay networking."""


@dataclass(frozen=True)
class ClusterSpec:
    """One cluster.

    Attributes:
        resource_id: Azure's ID of the ManagedCluster; Azure compares it without regard to case, and so does this.
        name: the ManagedCluster's name.
        issuer_url: issuer of its service account tokens, with a slash at the end.
        fqdn: the API server's public name, <prefix>.hcp.<region>.azmk8s.io.
        kubernetes_version: such as 1.36.2; where it is not built the newest runs, see `versions.program`.
        dns_service_ip: inside `service_cidr`.
        entra: whether tokens of the Entra simulator are accepted.
        authorize_url: where the API server asks whether Azure RBAC allows a request (with `entra`).
        crowd: it shares a control plane, and its nodes are objects only: `crowd.Crowd`.
    """

    resource_id: str
    name: str
    tenant_id: str
    issuer_url: str
    fqdn: str
    kubernetes_version: str
    node_resource_group: str
    pod_cidr: str = "10.244.0.0/16"
    service_cidr: str = "10.0.0.0/16"
    dns_service_ip: str = "10.0.0.10"
    entra: bool = False
    authorize_url: str = ""
    crowd: bool = False

    def __post_init__(self) -> None:
        """Refuse what no API server would run with."""
        if self.pods.overlaps(self.services):
            raise LocalAzureError(f"{self.name}: pod CIDR {self.pods} and service CIDR {self.services} overlap")
        if IPv4Address(self.dns_service_ip) not in self.services:
            raise LocalAzureError(f"{self.name}: DNS service IP {self.dns_service_ip} is not in {self.services}")
        if self.pods.prefixlen > NODE_PREFIX_LENGTH:
            raise LocalAzureError(f"{self.name}: pod CIDR {self.pods} is smaller than one node's /{NODE_PREFIX_LENGTH}")

    @property
    def key(self) -> str:
        """What identifies the cluster."""
        return self.resource_id.lower()

    @property
    def pods(self) -> IPv4Network:
        """All pods' network."""
        return IPv4Network(self.pod_cidr)

    @property
    def services(self) -> IPv4Network:
        """All services' network; its first address is the API server's."""
        return IPv4Network(self.service_cidr)

    @property
    def region(self) -> str:
        """The Azure region, which is a part of the public name."""
        match = re.search(r"\.hcp\.([^.]+)\.", self.fqdn)
        return match[1] if match else ""

    @property
    def issuer_host(self) -> str:
        """The host in the issuer's URL, which clusters of a region share."""
        return urlsplit(self.issuer_url).hostname or ""

    @property
    def subscription_id(self) -> str:
        """The subscription, from the resource ID."""
        return self._segment("subscriptions")

    @property
    def resource_group(self) -> str:
        """The resource group, from the resource ID."""
        return self._segment("resourceGroups")

    def pod_network(self, node: int) -> IPv4Network:
        """The pod network of node number `node`.

        Raises:
            LocalAzureError: the pod CIDR has no room for so many nodes.
        """
        if node >= 2 ** (NODE_PREFIX_LENGTH - self.pods.prefixlen):
            raise LocalAzureError(f"{self.name}: the pod CIDR {self.pods} has no room for node {node + 1}")
        return IPv4Network((int(self.pods.network_address) + node * 256, NODE_PREFIX_LENGTH))

    def _segment(self, name: str) -> str:
        match = re.search(rf"/{name}/([^/]+)", self.resource_id, re.IGNORECASE)
        if not match:
            raise LocalAzureError(f"{self.resource_id} has no {name}")
        return match[1]


@dataclass(frozen=True)
class PoolSpec:
    """One node pool.

    Attributes:
        count: how many nodes.
        mode: "System" or "User".
        kubernetes_version: of its nodes, as in ClusterSpec; one with another version is replaced.
        taints: as AKS writes them, "key=value:Effect".
        zones: availability zones, "1" to "3"; nodes are spread over them.
    """

    name: str
    count: int
    mode: str = "System"
    vm_size: str = "Standard_D2s_v5"
    os_sku: str = "Ubuntu"
    kubernetes_version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    zones: Sequence[str] = ()
