"""Clusters of the classes `aks` and `aks-aso` live a whole life, each from its request; Azure is the witness.

They are in staging, whose release begins one patch of Kubernetes behind dev's.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from local_azure import first_cluster
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually
from tests.e2e.test_2_plan import branch, plan

REQUESTS: Final = CHECKOUT / "tests/fleet/requests"
STAGING: Final = Path("environments/staging")
SCALED, STRAIGHT = "scaled", "straight"
"""Of class aks, with zones and a pool of 2 to 5 nodes; of class aks-aso."""

OLD, NEW = "v1.36.2", "v1.36.3"
EXTRA: Final = "{class: user, name: extra, replicas: 1}"
APPROVED: Final = EXTRA.replace("extra,", "extra, metadata: {annotations: {slipway.dev/deletion-approved-by: jane}},")
POOL_OF_NODE: Final = "kubernetes.azure.com/agentpool"


@pytest.fixture(scope="module")
def clusters(local: Local) -> Local:
    """Both clusters, hydrated; the last test deletes them."""
    merge(local, f"Staging is at {OLD}", lambda fleet: release(fleet, NEW, OLD))
    eventually(lambda: released(local) == OLD, 180, f"the release {OLD} in staging")
    merge(local, "Ask for a cluster of each class", ask)
    for name in (SCALED, STRAIGHT):
        eventually(lambda name=name: hydrated(local, name), 400, f"the hydrated cluster {name}")  # type: ignore[misc]
        local.see(name)
    return local


def test_in_azure_everything_is_called_as_the_cluster_is(clusters: Local) -> None:
    groups = clusters.resources("Microsoft.Resources/resourceGroups")
    for name in (SCALED, STRAIGHT):
        found = clusters.azure().managed_clusters.get(name, name)
        assert (found.name, found.dns_prefix) == (name, name)
        assert name in groups
        assert versions(clusters, name) == {OLD}


def test_zones_and_the_limits_of_a_pool_reach_azure_and_its_count_is_azures(clusters: Local) -> None:
    pool = clusters.azure().agent_pools.get(SCALED, SCALED, "apps")
    assert (pool.enable_auto_scaling, pool.min_count, pool.max_count) == (True, 2, 5)
    assert pool.availability_zones == ["1", "2", "3"]
    assert nodes(clusters, SCALED) == {"system": 1, "apps": 2}
    zones = [each["metadata"]["labels"]["topology.kubernetes.io/zone"] for each in of_pool(clusters, SCALED, "apps")]
    assert len(set(zones)) == 2

    # The request says nothing of it, so Cluster API takes over what Azure has, and nobody fights.
    eventually(lambda: replicas(clusters) == 2, 60, "two replicas of the pool for Cluster API")
    annotations = clusters.get(MANAGEMENT, "machinepool", f"{SCALED}-apps", "-n", CLUSTERS)["metadata"]["annotations"]
    assert annotations["cluster.x-k8s.io/replicas-managed-by"] == "aks"


def test_pools_are_added_scaled_and_removed_by_commits(clusters: Local) -> None:
    began = time.time()
    merge(clusters, "Add a pool to one cluster, a node to the other", grow)
    eventually(lambda: nodes(clusters, SCALED) == {"system": 1, "apps": 2, "extra": 1}, 180, "the pool extra")
    eventually(lambda: nodes(clusters, STRAIGHT) == {"system": 2}, 180, f"two nodes of {STRAIGHT}")

    merge(clusters, "Approve the removal of the pool", lambda fleet: edit(fleet, SCALED, EXTRA, APPROVED))
    eventually(lambda: "'manage'" in str(pool(clusters, "extra")["metadata"]["annotations"]), 60, "the approval")
    merge(clusters, "Remove the pool", lambda fleet: edit(fleet, SCALED, f", {APPROVED}", ""))
    eventually(lambda: pool(clusters, "extra") is None, 180, "the end of the pool")
    assert nodes(clusters, SCALED) == {"system": 1, "apps": 2}
    # Azure Service Operator may say again what the pool is, but never how many nodes it has.
    said = clusters.requests(began, method="PUT", path=f"/managedclusters/{SCALED}/agentpools/apps$")
    assert not any("count" in each["body"]["properties"] for each in said)


def test_a_release_upgrades_kubernetes_as_planned_on_every_node(clusters: Local) -> None:
    began = time.time()
    before = {name: names(clusters, name) for name in (SCALED, STRAIGHT)}
    with branch(clusters, f"Staging goes to {NEW}", lambda fleet: release(fleet, OLD, NEW)) as clone:
        planned = plan(clusters, clone)["clusters"]
        first_cluster.git(clusters.env, "-C", clone, "push", "--quiet", "origin", "HEAD:main")
    assert {each["name"]: each["what"] for each in planned} == {
        name: ["Kubernetes 1.36.2 → 1.36.3"] for name in (SCALED, STRAIGHT)
    }
    clusters.reconcile(MANAGEMENT, "source", "git", "fleet")
    for name in (SCALED, STRAIGHT):
        eventually(lambda name=name: versions(clusters, name) == {NEW}, 400, f"{NEW} on all of {name}")  # type: ignore[misc]
        assert NEW in clusters.run("kubectl", "--context", name, "get", "--raw", "/version")
    assert nodes(clusters, SCALED) == {"system": 1, "apps": 2}
    assert nodes(clusters, STRAIGHT) == {"system": 2}
    assert not any(before[name] & names(clusters, name) for name in before)

    expected = {f"{write['method']} {write['path']}".lower() for each in planned for write in each["writes"]}
    seen = {each.lower() for each in clusters.writes(began)}
    assert not [each for each in expected if not any(_is(each, one) for one in seen)]
    for name in (SCALED, STRAIGHT):
        eventually(lambda name=name: hydrated(clusters, name), 120, f"{name} is well again")  # type: ignore[misc]


def test_both_are_deleted_by_two_merges(clusters: Local) -> None:
    both = (SCALED, STRAIGHT)
    merge(clusters, "Approve", lambda fleet: for_both(merges.approve, fleet))
    eventually(lambda: all("jane" in str(asked(clusters, each)) for each in both), 90, "the approvals")
    merge(clusters, "Remove", lambda fleet: for_both(merges.remove, fleet))
    eventually(lambda: not any(asked(clusters, each) for each in both), 400, "the end of both clusters")
    for kind in ("Microsoft.ContainerService/managedClusters", "Microsoft.Resources/resourceGroups"):
        eventually(lambda kind=kind: not set(both) & clusters.resources(kind).keys(), 60, f"the end of their {kind}")  # type: ignore[misc]


def merge(local: Local, what: str, change: Callable[[Path], object]) -> None:
    """Commit to main, and have Flux look."""
    local.commit(what, change)
    local.reconcile(MANAGEMENT, "source", "git", "fleet")


def release(fleet: Path, old: str, new: str) -> None:
    """Another version of Kubernetes in staging."""
    file = fleet / STAGING / "release.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def released(local: Local) -> str:
    """The version that Flux gives to requests of staging."""
    spec = local.get(MANAGEMENT, "kustomization", "staging", "-n", "flux-system")["spec"]
    return str(spec["postBuild"]["substitute"].get("kubernetes_version"))


def ask(fleet: Path) -> None:
    """Copy the two requests, as they are."""
    for name in (SCALED, STRAIGHT):
        shutil.copytree(REQUESTS / name, fleet / STAGING / "clusters" / name)


def edit(fleet: Path, name: str, old: str, new: str) -> None:
    """Change a request."""
    merges.edit(fleet / STAGING / "clusters", name, old, new)


def grow(fleet: Path) -> None:
    """A pool of one node more in the one, a node more in the other's pool."""
    edit(fleet, SCALED, "name: apps}", f"name: apps}}, {EXTRA}")
    edit(fleet, STRAIGHT, "count: 1", "count: 2")


def for_both(change: Callable[[Path, str, Path], None], fleet: Path) -> None:
    """The same change of both requests."""
    for name in (SCALED, STRAIGHT):
        change(fleet, name, STAGING / "clusters")


def asked(local: Local, name: str) -> Any:
    """What a request asks for, on the management cluster; None where it is gone."""
    kind = "cluster" if name == SCALED else "managedclusters.containerservice.azure.com"
    return local.get(MANAGEMENT, kind, name, "-n", CLUSTERS)


def pool(local: Local, name: str) -> Any:
    """Azure Service Operator's object for a pool."""
    kind = "managedclustersagentpools.containerservice.azure.com"
    return local.get(MANAGEMENT, kind, f"{SCALED}-{name}", "-n", CLUSTERS)


def replicas(local: Local) -> int:
    """Of the pool that scales by itself, as Cluster API has them."""
    return int(local.get(MANAGEMENT, "machinepool", f"{SCALED}-apps", "-n", CLUSTERS)["spec"]["replicas"])


def hydrated(local: Local, name: str) -> bool:
    """Whether the management cluster has applied what the agent follows, with the agent running."""
    found = local.get(MANAGEMENT, "kustomization", f"{name}-sync", "-n", CLUSTERS) or {}
    conditions = found.get("status", {}).get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and (name != SCALED or local.available(name))


def of_pool(local: Local, cluster: str, name: str = "") -> list[Any]:
    """Nodes of a cluster, of one pool or all; none while its API server is away."""
    found = (local.get(cluster, "nodes") or {"items": []})["items"]
    return [each for each in found if not name or each["metadata"]["labels"][POOL_OF_NODE] == name]


def nodes(local: Local, cluster: str) -> dict[str, int]:
    """How many nodes each pool has."""
    return dict(Counter(each["metadata"]["labels"][POOL_OF_NODE] for each in of_pool(local, cluster)))


def names(local: Local, cluster: str) -> set[str]:
    """Of the nodes."""
    return {each["metadata"]["name"] for each in of_pool(local, cluster)}


def versions(local: Local, cluster: str) -> set[str]:
    """Of all kubelets."""
    return {each["status"]["nodeInfo"]["kubeletVersion"] for each in of_pool(local, cluster)}


def _is(planned: str, seen: str) -> bool:
    """Whether a request that was seen is one that was planned: "METHOD path", the path from the provider's type on."""
    method, path = planned.split(" ", 1)
    return seen.startswith(f"{method} ") and seen.endswith(f"/{path}")
