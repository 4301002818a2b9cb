"""A cluster goes by two merges, in the right order and to the end; by one it stays. The request log is the witness."""

from __future__ import annotations

import time

import pytest

from local_azure.command import CommandFailed
from management_cluster.hand_off import CLUSTERS
from tests.e2e import second
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.e2e.second import SECOND, cluster, merge
from tests.e2e.webhook import alerts
from tests.faults.runbook import blocks


def test_a_cluster_is_deleted_by_two_merges_and_not_by_one(local: Local) -> None:
    began = time.time()
    merge(local, "Add", second.add)
    eventually(lambda: local.available(SECOND), 300, f"the cluster {SECOND}")

    survivor = f"the Cluster {SECOND} runs on: Git has it no more, and its deletion is not approved"
    with alerts(local) as messages:
        local.commit(f"Remove {SECOND} without approval", second.remove)
        local.reconcile(MANAGEMENT, "source", "git", "fleet")
        eventually(lambda: survivor in reported(local), 60, "the environment's Kustomization reporting the survivor")
        eventually(lambda: survivor in "".join(messages), 60, "an alert that names it")
    assert local.get(MANAGEMENT, "kustomization", f"{SECOND}-agent", "-n", CLUSTERS) is not None
    assert f"{SECOND}: Git has it no more, and it runs on" in local.status()
    with pytest.raises(CommandFailed, match="its deletion is not approved"):
        local.run("kubectl", "--context", MANAGEMENT, "delete", "cluster", SECOND, "-n", CLUSTERS)
    assert local.requests(began, method="DELETE") == []

    merge(local, "Add again", second.add)
    look, watch = (block.replace("<name>", SECOND) for block in blocks("deletion.md", "Delete a cluster"))
    merge(local, "Approve", second.approve)
    eventually(lambda: "toolkit.fluxcd.io/prune" not in local.run("bash", "-ec", look), 60, "the approval")
    merge(local, "Remove", second.remove)
    local.run("bash", "-ec", watch, timeout=300)
    assert cluster(local) is None

    deleted = [each["path"].lower() for each in local.requests(began, method="DELETE")]
    assert any(path.endswith(f"/resourcegroups/{SECOND}") for path in deleted)
    assert not any(f"/resourcegroups/{FIRST}" in path for path in deleted)
    left = local.get(MANAGEMENT, "resourcegroups.resources.azure.com", "-n", CLUSTERS)["items"]
    assert [each["metadata"]["name"] for each in left] == [FIRST]


def reported(local: Local) -> str:
    """What Flux says of the environment."""
    conditions = local.get(MANAGEMENT, "kustomization", "dev", "-n", "flux-system")["status"]["conditions"]
    return str(next(each["message"] for each in conditions if each["type"] == "Ready"))
