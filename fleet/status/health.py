"""Judges each cluster: ready, changing or failing, and why, in words; pure, from an `Inventory`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from fleet.status import waves
from fleet.status.azure_service_operator import AzurePool, ManagedCluster
from fleet.status.cluster_api import Cluster
from fleet.status.inventory import FLUX, Inventory
from fleet.status.problems import Problem, of_cluster, of_kustomization, of_managed_cluster, of_source
from fleet.status.waves import WaveStatus

FLEET: Final = ("GitRepository", FLUX, "fleet")
"""The fleet repository, as the program hands it over."""


class Health(StrEnum):
    """How something is; all is well only when everything is READY."""

    READY = "Ready"
    CHANGING = "Changing"
    FAILING = "Failing"
    PAUSED = "Paused"
    DELETING = "Deleting"


@dataclass(frozen=True)
class PoolStatus:
    """Machines of one pool.

    Attributes:
        version: the Kubernetes version that the pool shall have.
    """

    name: str
    ready: int
    desired: int
    version: str


@dataclass(frozen=True)
class Applied:
    """What Flux applied to a cluster, and what its source has; empty where nobody knows yet."""

    applied: str
    source: str


@dataclass(frozen=True)
class ClusterStatus:
    """One cluster of the fleet.

    Attributes:
        environment, ring: empty for a cluster that is not from the fleet repository.
        desired_version, actual_version: Kubernetes; actual is the control plane's.
        agent, revision: of the agent's manifests, and of the fleet repository.
        why: what keeps it from being ready, worst first.
    """

    name: str
    namespace: str
    environment: str
    ring: str
    cluster_class: str
    desired_version: str
    actual_version: str
    pools: tuple[PoolStatus, ...]
    phase: str
    health: Health
    agent: Applied
    revision: Applied
    why: tuple[str, ...]
    created: datetime


@dataclass(frozen=True)
class Trouble:
    """Something above the clusters, such as an environment, that is not ready."""

    name: str
    health: Health
    why: str


@dataclass(frozen=True)
class FleetStatus:
    """The fleet.

    Attributes:
        revision: the newest of the fleet repository that Flux has fetched.
        clusters: by environment, in the order of promotion, and name.
        waves: in the order in which they get a release.
        troubles: what is wrong above the clusters.
    """

    revision: str
    clusters: tuple[ClusterStatus, ...]
    waves: tuple[WaveStatus, ...]
    troubles: tuple[Trouble, ...]

    @property
    def ready(self) -> bool:
        """Whether all is well."""
        return not self.troubles and all(each.health is Health.READY for each in self.clusters)


def judge(inventory: Inventory) -> FleetStatus:
    """The status of the whole fleet."""
    clusters = [_cluster(each, inventory) for each in inventory.clusters]
    clusters += [_managed_cluster(each, inventory) for each in inventory.managed_clusters]
    clusters.sort(key=lambda each: (inventory.rank(each.environment), each.namespace, each.name))
    fleet = inventory.sources.get(FLEET)
    revision = fleet.status.artifact.revision if fleet else ""
    return FleetStatus(revision, tuple(clusters), waves.judge(inventory), tuple(_troubles(inventory)))


def _cluster(cluster: Cluster, inventory: Inventory) -> ClusterStatus:
    metadata, spec = cluster.metadata, cluster.spec
    control_plane = inventory.control_planes.get((metadata.namespace, spec.control_plane_ref.name))
    problems = list(of_cluster(cluster, inventory))
    # Those that are failing first; among equals, causes come before what follows from them.
    problems.sort(key=lambda problem: problem.expected)
    return ClusterStatus(
        name=metadata.name,
        namespace=metadata.namespace,
        environment=metadata.labels.get("environment", ""),
        ring=metadata.labels.get("ring", ""),
        cluster_class=spec.topology.class_ref.name,
        desired_version=spec.topology.version,
        actual_version=control_plane.status.version if control_plane else "",
        pools=tuple(
            PoolStatus(pool.name, pool.status.ready_replicas, pool.desired, pool.spec.template.spec.version)
            for pool in sorted(inventory.pools.get(cluster.key, []), key=lambda pool: pool.name)
        ),
        phase=cluster.status.phase,
        health=_health(cluster, problems),
        agent=_applied(inventory, cluster.key, "agent"),
        revision=_applied(inventory, cluster.key, "sync"),
        why=tuple(problem.words for problem in problems),
        created=metadata.creation_timestamp,
    )


def _managed_cluster(cluster: ManagedCluster, inventory: Inventory) -> ClusterStatus:
    metadata, spec, status = cluster.metadata, cluster.spec, cluster.status
    problems = sorted(of_managed_cluster(cluster, inventory), key=lambda problem: problem.expected)
    return ClusterStatus(
        name=metadata.name,
        namespace=metadata.namespace,
        environment=metadata.labels.get("environment", ""),
        ring=metadata.labels.get("ring", ""),
        cluster_class=metadata.labels.get("class", ""),
        desired_version=f"v{spec.kubernetes_version}",
        actual_version=f"v{status.current_kubernetes_version}" if status.current_kubernetes_version else "",
        pools=tuple(_azure_pools(cluster, inventory.azure_pools.get(cluster.key, []))),
        phase="",
        health=Health.DELETING if metadata.deletion_timestamp else _worst(problems),
        agent=_applied(inventory, cluster.key, "agent"),
        revision=_applied(inventory, cluster.key, "sync"),
        why=tuple(problem.words for problem in problems),
        created=metadata.creation_timestamp,
    )


def _azure_pools(cluster: ManagedCluster, more: list[AzurePool]) -> Iterator[PoolStatus]:
    """The pools inside the cluster, then those that are objects of their own; as Azure counts their machines."""
    there = {pool.name: pool.count for pool in cluster.status.agent_pool_profiles}
    wanted = [(pool.name, pool, there.get(pool.name, 0)) for pool in cluster.spec.agent_pool_profiles]
    wanted += [(each.spec.azure_name or each.metadata.name, each.spec, each.status.count) for each in more]
    for name, pool, count in wanted:
        desired = count if pool.enable_auto_scaling else pool.count
        yield PoolStatus(name, count, desired, f"v{pool.orchestrator_version}")


def _health(cluster: Cluster, problems: list[Problem]) -> Health:
    paused = cluster.condition("Paused")
    if cluster.metadata.deletion_timestamp:
        return Health.DELETING
    if cluster.spec.paused or (paused and paused.status == "True"):
        return Health.PAUSED
    return _worst(problems)


def _worst(problems: list[Problem]) -> Health:
    if not problems:
        return Health.READY
    return Health.CHANGING if all(problem.expected for problem in problems) else Health.FAILING


def _applied(inventory: Inventory, cluster: tuple[str, str], what: str) -> Applied:
    namespace, name = cluster
    kustomization = inventory.kustomizations.get((namespace, f"{name}-{what}"))
    if kustomization is None:
        return Applied("", "")
    source = inventory.sources.get(kustomization.source)
    return Applied(kustomization.status.last_applied_revision, source.status.artifact.revision if source else "")


def _troubles(inventory: Inventory) -> Iterator[Trouble]:
    """What Flux on the management cluster itself applies, and from where: where that fails, no request arrives."""
    for (kind, namespace, name), source in sorted(inventory.sources.items()):
        if namespace == FLUX:
            for problem in of_source(source):
                yield Trouble(f"{kind} {name}", _worst([problem]), problem.words)
    for (namespace, _), kustomization in sorted(inventory.kustomizations.items()):
        if namespace == FLUX:
            for problem in of_kustomization(kustomization, inventory):
                yield Trouble(f"Kustomization {kustomization.metadata.name}", _worst([problem]), problem.words)
