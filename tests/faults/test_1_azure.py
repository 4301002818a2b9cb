"""Azure has a bad day: it throttles, fails, breaks connections, hangs, refuses; somebody works in the portal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from local_azure.command import CommandFailed
from local_azure.instance import OPERATOR_CLIENT_ID
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

POOL = f"{FIRST}/agentPools/system$"
AKS = "Microsoft.ContainerService/managedClusters"
SECOND = "second"


@pytest.fixture
def scaled_back(fleet: Local) -> Iterator[Local]:
    """The fleet; the pool of `first` has one node again afterwards."""
    yield fleet
    fleet.heal()
    scale(fleet, 1)
    eventually(lambda: nodes(fleet) == 1, 300, "one node again")


def scale(local: Local, count: int) -> None:
    """Merge another number of nodes for `first`."""

    def edit(fleet: Path) -> None:
        request = fleet / merges.CLUSTERS / FIRST / "cluster.yaml"
        request.write_text(re.sub(r"replicas: \d+", f"replicas: {count}", request.read_text()))

    local.commit(f"Scale {FIRST} to {count}", edit)
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def nodes(local: Local) -> int:
    """Nodes of the pool `system` of `first`."""
    found = local.get(FIRST, "nodes", "-l", "kubernetes.azure.com/agentpool=system") or {"items": []}
    return len(found["items"])


@pytest.mark.fault(16)
def test_throttling_is_sat_out(scaled_back: Local) -> None:
    began = time.time()
    scaled_back.fault("throttle", method="PUT", path=POOL, count=2, retry_after=5)
    scale(scaled_back, 2)
    eventually(lambda: nodes(scaled_back) == 2, 300, "two nodes")
    calls = scaled_back.requests(began, method="PUT", path=POOL)
    refused = [each for each in calls if each["status"] == 429]
    assert len(refused) == 2
    for each in refused:
        following = min(other["time"] for other in calls if other["time"] > each["time"])
        assert following - each["time"] >= 4.5, "Retry-After was not honoured"


@pytest.mark.fault(17)
@pytest.mark.parametrize("kind", ["error", "timeout", "reset"])
def test_an_answer_that_does_not_come_is_asked_for_again(scaled_back: Local, kind: str) -> None:
    began = time.time()
    scaled_back.fault(kind, method="PUT", path=POOL, count=1, seconds=10)
    scale(scaled_back, 2)
    eventually(lambda: nodes(scaled_back) == 2, 420, f"two nodes in spite of: {kind}")
    met = [each["fault"] for each in scaled_back.requests(began, method="PUT", path=POOL) if each["fault"]]
    assert met == [kind]


@pytest.mark.fault(18)
def test_a_failed_or_hanging_operation_holds_up_no_other_cluster(local: Local, second: Local) -> None:
    second.fault("fail", method="PUT", path=f"managedClusters/{SECOND}$", count=1, message="No capacity in zone 1.")
    second.fault("hang", method="PUT", path=f"managedClusters/{SECOND}$", count=1, seconds=150)
    add_second(second)
    eventually(lambda: "No capacity in zone 1." in status(local), 180, "Azure's words in the status")
    scale(local, 2)
    eventually(lambda: nodes(local) == 2, 180, "two nodes, while the other cluster hangs")
    assert f"{SECOND}" in status(local)
    scale(local, 1)
    eventually(lambda: available(local, SECOND), 600, f"{SECOND} in the end")


@pytest.mark.fault(19)
def test_a_quota_is_the_trouble_of_one_cluster(local: Local, second: Local) -> None:
    second.fault("quota", method="PUT", path=f"managedClusters/{SECOND}$")
    add_second(second)
    eventually(lambda: "Insufficient regional vcpu quota" in status(local), 180, "Azure's words in the status")
    assert available(local, FIRST)
    second.heal()
    eventually(lambda: available(local, SECOND), 600, f"{SECOND}, once there is quota")


@pytest.mark.fault(20)
def test_a_cluster_deleted_in_the_portal_comes_back(local: Local, second: Local) -> None:
    add_second(second)
    eventually(lambda: available(local, SECOND), 300, SECOND)
    began = time.time()
    local.azure().managed_clusters.begin_delete(SECOND, SECOND).result()
    path = f"managedClusters/{SECOND}$"
    eventually(lambda: local.requests(began, method="PUT", path=path), 300, "a PUT of it")
    eventually(lambda: local.resources(AKS).get(SECOND) == "Succeeded", 300, "it in Azure")
    writers = {each["client_id"] for each in local.requests(began, method="PUT", path=path)}
    assert OPERATOR_CLIENT_ID not in writers


@pytest.fixture
def second(fleet: Local) -> Iterator[Local]:
    """The fleet, from which the cluster `second` goes again by two merges."""
    yield fleet
    fleet.heal()
    for edit in (merges.add, merges.approve, merges.remove):
        fleet.commit(f"Delete {SECOND}: {edit.__name__}", partial(edit, name=SECOND))
        fleet.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
        time.sleep(2)
    eventually(lambda: fleet.get(MANAGEMENT, "cluster", SECOND, "-n", CLUSTERS) is None, 600, f"the end of {SECOND}")


def add_second(local: Local) -> None:
    """Merge one more cluster."""
    local.commit(f"Add {SECOND}", lambda checkout: merges.add(checkout, SECOND))
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def status(local: Local) -> str:
    """What `python -m fleet status` says."""
    try:
        return local.run("python", "-m", "fleet", "status", "--context", MANAGEMENT)
    except CommandFailed as failed:
        return failed.output


def available(local: Local, name: str) -> bool:
    """Whether Cluster API says that a cluster is available."""
    found = (local.get(MANAGEMENT, "cluster", name, "-n", CLUSTERS) or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Available" and each["status"] == "True" for each in found)
