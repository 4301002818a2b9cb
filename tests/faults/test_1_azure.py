"""Azure has a bad day: it throttles, fails, breaks connections, hangs, refuses; somebody works in the portal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.e2e.second import SECOND, add, merge
from tests.faults.runbook import commands

POOL = f"{FIRST}/agentPools/system$"
AKS = "Microsoft.ContainerService/managedClusters"


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
    """Azure Service Operator 2.13 does not look at Retry-After: it waits by itself, longer each time."""
    began = time.time()
    scaled_back.fault("throttle", method="PUT", path=POOL, count=4, retry_after=5)
    scale(scaled_back, 2)
    eventually(lambda: nodes(scaled_back) == 2, 300, "two nodes")
    calls = scaled_back.requests(began, method="PUT", path=POOL)
    first = next(index for index, each in enumerate(calls) if each["status"] == 429)
    assert [each["status"] for each in calls[first : first + 5]] == [429, 429, 429, 429, 200]
    times = [each["time"] for each in calls[first : first + 5]]
    waits = [after - before for before, after in pairwise(times)]
    assert waits[3] > 2 * waits[0]


@pytest.mark.fault(17)
def test_an_answer_that_does_not_come_is_asked_for_again(scaled_back: Local) -> None:
    for kind, count in (("error", 2), ("timeout", 1), ("reset", 2)):
        began = time.time()
        scaled_back.fault(kind, method="PUT", path=POOL, count=1, seconds=10)
        scale(scaled_back, count)
        eventually(lambda: nodes(scaled_back) == count, 420, f"{count} nodes in spite of: {kind}")  # noqa: B023
        calls = scaled_back.requests(began, method="PUT", path=POOL)
        assert [each["fault"].split()[0] for each in calls if each["fault"]] == [kind]


@pytest.mark.fault(18)
def test_a_failed_or_hanging_operation_holds_up_no_other_cluster(local: Local, with_second: None) -> None:
    making = {"method": "PUT", "path": f"managedClusters/{SECOND}$"}
    local.fault("fail", message="No capacity in zone 1.", **making)
    merge(local, "Add", add)
    eventually(lambda: "No capacity in zone 1." in local.status(), 300, "Azure's words in the status")
    local.heal()
    local.fault("hang", count=1, seconds=60, **making)
    scale(local, 2)
    eventually(lambda: nodes(local) == 2, 180, "two nodes, while the other cluster hangs")
    assert f"{SECOND}" in local.status()
    scale(local, 1)
    eventually(lambda: local.available(SECOND), 600, f"{SECOND} in the end")


@pytest.mark.fault(19)
def test_a_quota_is_the_trouble_of_one_cluster(local: Local, with_second: None) -> None:
    merge(local, "Add", add)
    eventually(lambda: local.available(SECOND), 300, SECOND)
    local.fault("quota", method="PUT", path=f"{SECOND}/agentPools/system$")
    merge(local, "Scale", lambda fleet: merges.edit(fleet / merges.CLUSTERS, SECOND, "replicas: 1", "replicas: 2"))
    eventually(lambda: "Insufficient regional vcpu quota" in local.status(), 180, "Azure's words in the status")
    assert local.available(FIRST)
    local.heal()
    # Azure Service Operator gives up at what Azure refuses for good, and asks again when it starts.
    local.run("bash", "-ec", commands("how-to/status.md", "Ask Azure again"))
    eventually(lambda: re.search(rf"{SECOND} .* system 2/2 ", local.status()), 600, "two nodes, once there is quota")


@pytest.mark.fault(20)
def test_a_cluster_deleted_in_the_portal_is_reported_and_comes_back_when_asked(local: Local, with_second: None) -> None:
    merge(local, "Add", add)
    eventually(lambda: local.available(SECOND), 300, SECOND)
    began = time.time()
    local.azure().managed_clusters.begin_delete(SECOND, SECOND).result()
    eventually(lambda: "Must define at least one system pool" in local.status(), 300, "Azure's words in the status")
    assert local.available(FIRST)
    again = commands("how-to/status.md", "A cluster that was deleted in Azure")
    local.run("bash", "-ec", again.replace("<name>", SECOND))
    eventually(lambda: local.resources(AKS).get(SECOND) == "Succeeded", 300, "it in Azure")
    written = local.requests(began, method="PUT", path=f"managedClusters/{SECOND}$")
    assert OPERATOR_CLIENT_ID not in {each["client_id"] for each in written}
