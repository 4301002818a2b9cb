"""What keeps a cluster from being ready, as Cluster API, Azure Service Operator and Flux say it, causes first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fleet.status.azure_service_operator import ManagedCluster
from fleet.status.cluster_api import Cluster, Pool
from fleet.status.flux import Kustomization, Source
from fleet.status.inventory import APPLIED_BY, AzureResource, Inventory
from fleet.status.records import Condition, Metadata, Object

CONDITIONS: Final = (
    "TopologyReconciled",
    "InfrastructureReady",
    "ControlPlaneAvailable",
    "WorkersAvailable",
    "RemoteConnectionProbe",
)
"""Of a Cluster, causes before what follows from them; `Available` is their sum.
https://cluster-api.sigs.k8s.io/reference/conditions"""

CREATING: Final = ("", "Pending", "Provisioning")
"""Phases of a Cluster that does not exist yet: that it is not available then is no failure."""

UNDER_WAY: Final = frozenset({"ClusterCreating", "ClusterUpgrading", "Deleting", "LifecycleHookBlocking"})
"""Reasons of TopologyReconciled=False that pass by themselves, beside those that end as follows."""

_PENDING: Final = ("Pending", "Deferred")

SUCCEEDED: Final = "ReconciliationSucceeded"
DEPENDENCY: Final = "DependencyNotReady"
CANCELED: Final = "HealthCheckCanceled"
"""Reasons that Flux gives. https://fluxcd.io/flux/components/kustomize/kustomizations/#conditions"""

FRAME: Final = re.compile(r"\||-{8,}")
"""Words that are lines of a drawing."""

HYDRATION: Final = timedelta(minutes=10)
"""After its request, how long a cluster may take until its agent has applied everything, before that is a failure."""


@dataclass(frozen=True)
class Problem:
    """One reason why something is not ready.

    Attributes:
        words: one line.
        expected: it belongs to a change that goes on, so it may pass by itself.
    """

    words: str
    expected: bool


def of_cluster(cluster: Cluster, inventory: Inventory) -> Iterator[Problem]:
    """All problems of a cluster, causes before what follows from them."""
    if cluster.metadata.deletion_timestamp:
        yield Problem(_said(cluster.condition("Deleting"), "is being deleted"), expected=True)
    if cluster.spec.paused:
        yield Problem("paused: nothing of it is reconciled", expected=True)
    yield from _of_git(cluster, inventory)
    for resource in inventory.azure.get(cluster.key, []):
        yield from _of_azure(resource)
    yield from _of_conditions(cluster)
    yield from _of_control_plane(cluster, inventory)
    for pool in inventory.pools.get(cluster.key, []):
        yield from _of_pool(pool)
    if "environment" in cluster.metadata.labels and not cluster.metadata.deletion_timestamp:
        yield from _of_hydration(cluster.metadata, inventory, cluster.status.phase in CREATING)


def of_managed_cluster(cluster: ManagedCluster, inventory: Inventory) -> Iterator[Problem]:
    """All problems of a cluster that Azure Service Operator makes by itself, causes first."""
    if cluster.metadata.deletion_timestamp:
        yield Problem("is being deleted", expected=True)
    yield from _of_git(cluster, inventory)
    own = AzureResource("ManagedCluster", cluster)
    pools = [AzureResource("ManagedClustersAgentPool", each) for each in inventory.azure_pools.get(cluster.key, [])]
    for resource in inventory.azure.get(cluster.key, [own, *pools]):
        yield from _of_azure(resource)
    actual, desired = cluster.status.current_kubernetes_version, cluster.spec.kubernetes_version
    if actual and desired and actual != desired:
        yield Problem(f"Kubernetes v{actual}, shall be v{desired}", expected=True)
    if not cluster.metadata.deletion_timestamp:
        yield from _of_hydration(cluster.metadata, inventory, creating=not actual)


def of_kustomization(kustomization: Kustomization, inventory: Inventory, creating: bool = False) -> Iterator[Problem]:
    """Why a Kustomization has not applied what its source has; nothing when it has.

    Args:
        creating: what it applies to is not expected to be there yet.
    """
    name, applied = kustomization.metadata.name, kustomization.status.last_applied_revision
    ready = kustomization.condition("Ready")
    source = inventory.sources.get(kustomization.source)
    newest = source.status.artifact.revision if source else applied
    if kustomization.spec.suspend:
        yield Problem(f"suspended: `flux resume kustomization {name}` goes on", expected=False)
    elif ready is None or ready.observed_generation < kustomization.metadata.generation:
        yield Problem("not reconciled yet", expected=True)
    elif ready.status == "False":
        yield Problem(_said(ready, "not ready"), creating or ready.reason in (DEPENDENCY, CANCELED))
    elif ready.status == "Unknown" and kustomization.last_outcome not in ("", SUCCEEDED):
        yield Problem(f"is being tried again after {kustomization.last_outcome}", creating)
    elif not applied or applied != newest:
        yield Problem(f"has {short(applied)}, its source {short(newest)}", expected=True)
    # Otherwise Ready may be Unknown: Flux looks again every few minutes, which says nothing against what is there.


def of_source(source: Source) -> Iterator[Problem]:
    """Why Flux cannot read a source; nothing when it can."""
    ready = source.condition("Ready")
    if ready and ready.status == "False":
        yield Problem(_said(ready, "is not ready"), expected=False)


def short(revision: str) -> str:
    """Flux's revision for people: a tag, or the first digits of a commit.

    https://fluxcd.io/flux/components/source/gitrepositories/#artifact
    """
    name, _, digest = revision.partition("@")
    kind, _, digits = digest.partition(":")
    return digits[:7] if kind == "sha1" else name or "nothing"


def _of_git(cluster: Object, inventory: Inventory) -> Iterator[Problem]:
    """A survivor: Flux made it from Git, which has it no more, and nobody approved its deletion."""
    made_by_flux = APPLIED_BY in cluster.metadata.labels
    if made_by_flux and cluster.key not in inventory.in_git and not cluster.metadata.deletion_timestamp:
        yield Problem("Git has it no more, and it runs on: put its directory back, or approve its deletion", False)


def _of_azure(resource: AzureResource) -> Iterator[Problem]:
    ready = resource.object.condition("Ready")
    if ready and ready.status != "True":
        name = f"Azure {resource.kind} {resource.object.metadata.name}"
        # ASO says by Info that it is at work, by Warning that it tries again, by Error that it does not.
        expected = ready.severity in ("", "Info") or ready.reason == "WaitingForOwner"
        yield Problem(f"{name}: {_said(ready, 'not ready')}", expected)


def _of_conditions(cluster: Cluster) -> Iterator[Problem]:
    creating = cluster.status.phase in CREATING
    named = False
    for type_ in CONDITIONS:
        condition = cluster.condition(type_)
        if condition and condition.status != "True":
            named = True
            passing = condition.reason in UNDER_WAY or condition.reason.endswith(_PENDING)
            expected = creating or condition.status == "Unknown" or (type_ == "TopologyReconciled" and passing)
            # A request that a class refuses stays refused.
            refused = type_ == "TopologyReconciled" and condition.reason == "ReconcileFailed"
            yield Problem(f"{type_}: {_said(condition, 'not so')}", expected and not refused)
    available = cluster.condition("Available")
    if not named and (available is None or available.status != "True"):
        unknown = available is None or available.status == "Unknown"
        yield Problem(_said(available, "not available yet"), expected=creating or unknown)


def _of_control_plane(cluster: Cluster, inventory: Inventory) -> Iterator[Problem]:
    control_plane = inventory.control_planes.get((cluster.metadata.namespace, cluster.spec.control_plane_ref.name))
    if control_plane is None:
        return
    actual, desired = control_plane.status.version, cluster.spec.topology.version
    if actual and desired and actual != desired:
        yield Problem(f"Kubernetes {actual}, shall be {desired}", expected=True)
    if not control_plane.status.ready:
        yield Problem("not all of the control plane's Azure resources are ready", expected=True)


def _of_pool(pool: Pool) -> Iterator[Problem]:
    ready, desired = pool.status.ready_replicas, pool.desired
    failed = pool.status.phase == "Failed"
    if ready != desired or failed:
        state = ", failed" if failed else ""
        yield Problem(f"pool {pool.name}: {ready} nodes ready, shall be {desired}{state}", expected=not failed)


def _of_hydration(cluster: Metadata, inventory: Inventory, creating: bool) -> Iterator[Problem]:
    namespace, name = cluster.namespace, cluster.name
    creating = creating or inventory.taken - cluster.creation_timestamp < HYDRATION
    for each in (f"{name}-agent", f"{name}-sync"):
        kustomization = inventory.kustomizations.get((namespace, each))
        if kustomization is None:
            yield Problem(f"no Kustomization {each}: was its directory removed from the fleet repository?", creating)
        else:
            for problem in of_kustomization(kustomization, inventory, creating):
                yield Problem(f"{each}: {problem.words}", problem.expected)


def _said(condition: Condition | None, otherwise: str) -> str:
    """A condition's message on one line, without the frames that SOPS and Azure's clients draw; else its reason."""
    if condition is None:
        return otherwise
    words = (word for word in condition.message.split() if not FRAME.fullmatch(word))
    return " ".join(words) or condition.reason or otherwise
