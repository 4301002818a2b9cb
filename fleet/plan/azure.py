"""What a fleet is in Azure: clusters and their resources, whatever their class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fleet.rendering import Item
from fleet.waves import Wave, environments

APPROVED_BY: Final = "slipway.dev/deletion-approved-by"
APPROVED_UNTIL: Final = "slipway.dev/deletion-approved-until"

MANAGED_CLUSTER: Final = "ManagedCluster"
AGENT_POOL: Final = "ManagedClustersAgentPool"
MACHINES: Final = "Machines"
"""Virtual machines that Cluster API makes one by one."""


@dataclass(frozen=True)
class Resource:
    """One resource in Azure.

    Attributes:
        path: as in its id, from the provider's type on, such as managedClusters/shop/agentPools/system.
        properties: values by dotted path, such as networkProfile.podCidr.
        inside: path of the resource in whose request it is written; empty for one of its own.
        removable: whether Azure loses it once it is no longer asked for; a pool only after an approval of its own,
            see policies/pools.yaml.
    """

    kind: str
    path: str
    properties: Mapping[str, Any]
    inside: str = ""
    removable: bool = True

    @property
    def name(self) -> str:
        """Its own, last in the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_pool(self) -> bool:
        """Whether it is nodes."""
        return self.kind in (AGENT_POOL, MACHINES)

    @property
    def count(self) -> int:
        """Nodes; of a pool that scales by itself the most that it may have."""
        if self.properties.get("enableAutoScaling"):
            return int(self.properties.get("maxCount") or 0)
        return int(self.properties.get("count") or 0)

    @property
    def size(self) -> str:
        """Of its virtual machines."""
        return str(self.properties.get("vmSize", ""))


@dataclass(frozen=True)
class Cluster:
    """One workload cluster as it is asked for.

    Attributes:
        directory: its request's, in the repository.
        class_name: with its version, such as aks-v1.
        approval: who approved its deletion, and until when; empty texts where nobody did.
        resources: by path.
        companions: digests of what hydrates it, by kind and name without the cluster's.
        unknown: why its resources are not known; empty where they are.
    """

    name: str
    directory: str
    environment: str
    ring: str
    class_name: str
    region: str
    version: str
    approval: tuple[str, str]
    adopted: bool
    resources: Mapping[str, Resource]
    companions: Mapping[str, str]
    unknown: str = ""

    @property
    def pools(self) -> tuple[Resource, ...]:
        """Its nodes."""
        return tuple(each for each in self.resources.values() if each.is_pool)


@dataclass(frozen=True)
class Fleet:
    """One side of a comparison.

    Attributes:
        waves: in the order in which a release reaches them.
        clusters: by name.
        values: of settings.yaml and release.yaml, by environment, file and key.
        others: objects of the management cluster that belong to no cluster, by what identifies them.
    """

    waves: tuple[Wave, ...]
    clusters: Mapping[str, Cluster]
    values: Mapping[str, Mapping[str, Mapping[str, str]]]
    others: Mapping[str, Item] = field(default_factory=dict)

    @property
    def environments(self) -> tuple[str, ...]:
        """In their order of promotion."""
        return environments(self.waves)


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted path; lists stay whole."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            found |= flat(item, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = item
    return found
