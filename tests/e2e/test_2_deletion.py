"""A cluster goes by two merges, in the right order and to the end; by one it stays. The request log is the witness."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_azure.command import CommandFailed
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

SECOND = "second"


def test_a_cluster_is_deleted_by_two_merges_and_not_by_one(local: Local) -> None:
    began = time.time()
    _merge(local, "Add", merges.add)
    eventually(lambda: _available(local), 300, f"the cluster {SECOND}")

    _merge(local, "Remove without approval", merges.remove)
    eventually(lambda: _kustomization_gone(local), 60, "hydration of the removed cluster gone")
    with pytest.raises(CommandFailed, match="its deletion is not approved"):
        local.run("kubectl", "--context", MANAGEMENT, "delete", "cluster", SECOND, "-n", CLUSTERS)
    assert local.requests(began, method="DELETE") == []

    _merge(local, "Add again", merges.add)
    _merge(local, "Approve", merges.approve)
    eventually(lambda: "kustomize.toolkit.fluxcd.io/prune" not in _annotations(local), 60, "the approval")
    _merge(local, "Remove", merges.remove)
    eventually(lambda: _cluster(local) is None, 300, f"the end of {SECOND}")

    deleted = [each["path"].lower() for each in local.requests(began, method="DELETE")]
    assert any(path.endswith(f"/resourcegroups/{SECOND}") for path in deleted)
    assert not any(f"/resourcegroups/{FIRST}" in path for path in deleted)
    left = local.get(MANAGEMENT, "resourcegroups.resources.azure.com", "-n", CLUSTERS)["items"]
    assert [each["metadata"]["name"] for each in left] == [FIRST]


def _merge(local: Local, what: str, edit: Callable[[Path, str], None]) -> None:
    local.commit(f"{what} {SECOND}", lambda fleet: edit(fleet, SECOND))
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def _cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", SECOND, "-n", CLUSTERS)


def _annotations(local: Local) -> str:
    return str(_cluster(local)["metadata"]["annotations"])


def _available(local: Local) -> bool:
    conditions = (_cluster(local) or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


def _kustomization_gone(local: Local) -> bool:
    return local.get(MANAGEMENT, "kustomization", f"{SECOND}-agent", "-n", CLUSTERS) is None
