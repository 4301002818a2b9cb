"""Reads from the management cluster all that a status is made of: one list call per kind, in pages, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from external.command import ExternalError
from fleet import waves
from fleet.status.azure_service_operator import AzurePool, ManagedCluster
from fleet.status.cluster_api import Cluster, ControlPlane, Pool
from fleet.status.flux import Kustomization, Source
from fleet.status.records import Object

_Kind = TypeVar("_Kind", bound=Object)

Lister = Callable[..., Iterable[dict[str, Any]]]
"""Gives all objects of a kind, by its group, version and plural, and optionally a label that they have to have; none
where the cluster does not know the kind."""

FLUX: Final = "flux-system"
"""The namespace of Flux on the management cluster, and of what it applies first."""

CLUSTERS: Final = ("cluster.x-k8s.io", "v1beta2", "clusters")
KUSTOMIZATIONS: Final = ("kustomize.toolkit.fluxcd.io", "v1", "kustomizations")
CONTROL_PLANES: Final = (
    ("infrastructure.cluster.x-k8s.io", "v1beta1", "azureasomanagedcontrolplanes"),
    ("controlplane.cluster.x-k8s.io", "v1beta2", "kubeadmcontrolplanes"),
)
POOLS: Final = (
    ("cluster.x-k8s.io", "v1beta2", "machinepools"),
    ("cluster.x-k8s.io", "v1beta2", "machinedeployments"),
)
FILES: Final = ("", "v1", "configmaps", "slipway.dev/file")
"""ConfigMaps by the label that says that they are read here: a file of the fleet repository
(management/kustomization.yaml), and what the program tells the fleet (management_cluster/hand_off.py)."""

SOURCES: Final = (
    ("GitRepository", "source.toolkit.fluxcd.io", "v1", "gitrepositories"),
    ("OCIRepository", "source.toolkit.fluxcd.io", "v1", "ocirepositories"),
)
AZURE: Final = (
    ("ResourceGroup", "resources.azure.com", "v1api20200601", "resourcegroups"),
    ("ManagedCluster", "containerservice.azure.com", "v1api20240901", "managedclusters"),
    ("ManagedClustersAgentPool", "containerservice.azure.com", "v1api20240901", "managedclustersagentpools"),
)
APPLIED_BY: Final = "kustomize.toolkit.fluxcd.io/name"
"""Label that Flux puts on all that it applies."""

REQUESTED: Final = "environment"
"""Label that hydration puts on what a request says; what Cluster API makes of a Cluster has it not."""

OWNER: Final = "serviceoperator.azure.com/owner-name"
"""ASO's label with the name of what a resource belongs to."""

CONNECTIONS: Final = 8
"""Requests at the same time."""


@dataclass(frozen=True)
class AzureResource:
    """What Azure Service Operator says of one resource of a cluster."""

    kind: str
    object: Object

    @property
    def cluster(self) -> tuple[str, str]:
        """Namespace and name of the cluster it is part of: classes call everything but pools as the cluster."""
        metadata = self.object.metadata
        pool = self.kind == "ManagedClustersAgentPool"
        return metadata.namespace, metadata.labels.get(OWNER, "") if pool else metadata.name


@dataclass(frozen=True)
class Inventory:
    """The fleet's objects, found by (namespace, name), sources with their kind before it.

    Attributes:
        in_git: the clusters that Flux has applied from Git and has not missed there since.
        environments: in their order of promotion, as far as the fleet repository says it.
        subscription: the first of the fleet's; empty where the program has not told it.
    """

    clusters: tuple[Cluster, ...]
    managed_clusters: tuple[ManagedCluster, ...] = ()
    azure_pools: dict[tuple[str, str], list[AzurePool]] = field(default_factory=dict)
    control_planes: dict[tuple[str, str], ControlPlane] = field(default_factory=dict)
    pools: dict[tuple[str, str], list[Pool]] = field(default_factory=dict)
    kustomizations: dict[tuple[str, str], Kustomization] = field(default_factory=dict)
    sources: dict[tuple[str, str, str], Source] = field(default_factory=dict)
    azure: dict[tuple[str, str], list[AzureResource]] = field(default_factory=dict)
    in_git: frozenset[tuple[str, str]] = frozenset()
    environments: tuple[str, ...] = ()
    subscription: str = ""
    taken: datetime = field(default_factory=lambda: datetime.now(UTC))

    def rank(self, environment: str) -> tuple[int, str]:
        """Sorts environments by their order of promotion; those that it does not have come last, by name."""
        order = self.environments
        return order.index(environment) if environment in order else len(order), environment


def read(list_all: Lister) -> Inventory:
    """Read the management cluster, without Azure's resources.

    Raises:
        ExternalError: it does not answer, or refuses; raised by the lister.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        # One after the other it would be as many round trips.
        clusters = pool.submit(list_all, *CLUSTERS)
        control_planes = [pool.submit(list_all, *kind) for kind in CONTROL_PLANES]
        pools = [pool.submit(list_all, *kind) for kind in POOLS]
        kustomizations = pool.submit(list_all, *KUSTOMIZATIONS)
        files = pool.submit(list_all, *FILES)
        sources = {kind: pool.submit(list_all, *rest) for kind, *rest in SOURCES}
        managed, azure_pools = (pool.submit(list_all, *rest, REQUESTED) for _, *rest in AZURE[1:])
    by_cluster: dict[tuple[str, str], list[AzurePool]] = {}
    for each in _parsed(AzurePool, azure_pools.result()):
        by_cluster.setdefault((each.metadata.namespace, each.spec.owner.name), []).append(each)
    applied = {each.key: each for each in _parsed(Kustomization, kustomizations.result())}
    return Inventory(
        tuple(_parsed(Cluster, clusters.result())),
        tuple(_parsed(ManagedCluster, managed.result())),
        by_cluster,
        {each.key: each for listed in control_planes for each in _parsed(ControlPlane, listed.result())},
        _by_cluster(each for listed in pools for each in _parsed(Pool, listed.result())),
        applied,
        {(kind, *each.key): each for kind, listed in sources.items() for each in _parsed(Source, listed.result())},
        in_git=frozenset(found for each in applied.values() for found in each.clusters),
        environments=tuple(waves.environments(waves.read(_told(files.result(), PurePosixPath(waves.FILE).name)))),
        subscription=_told(files.result(), "subscription_id"),
    )


def with_azure(inventory: Inventory, list_all: Lister) -> Inventory:
    """The same with what Azure Service Operator says; dear, since it converts every object that is listed.

    Raises:
        ExternalError: as `read`.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        listed = {kind: pool.submit(list_all, *rest) for kind, *rest in AZURE}
    azure: dict[tuple[str, str], list[AzureResource]] = {}
    for kind, items in listed.items():
        for item in _parsed(Object, items.result()):
            resource = AzureResource(kind, item)
            azure.setdefault(resource.cluster, []).append(resource)
    return replace(inventory, azure=azure)


def _parsed(model: type[_Kind], items: Iterable[dict[str, Any]]) -> Iterator[_Kind]:
    for item in items:
        try:
            yield model.model_validate(item)
        except ValidationError as error:
            what, where = item.get("kind", model.__name__), item.get("metadata", {}).get("name")
            field_, why = ".".join(map(str, error.errors()[0]["loc"])), error.errors()[0]["msg"]
            raise ExternalError(f"cannot read {what} {where} of the management cluster: {field_}: {why}") from None


def _told(files: Iterable[dict[str, Any]], key: str) -> str:
    """What one of the files says; empty where none does."""
    told = [(each.get("data") or {}).get(key, "") for each in files if each["metadata"]["namespace"] == FLUX]
    return next(filter(None, told), "")


def _by_cluster(pools: Iterable[Pool]) -> dict[tuple[str, str], list[Pool]]:
    found: dict[tuple[str, str], list[Pool]] = {}
    for pool in pools:
        found.setdefault((pool.metadata.namespace, pool.spec.cluster_name), []).append(pool)
    return found
