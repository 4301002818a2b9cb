"""`pulumi destroy` takes the management cluster and nothing of the fleet."""

from __future__ import annotations

import time

import pytest

from local_azure.command import CommandFailed
from tests.e2e.local import FIRST, Local

MINUTES = 60.0


@pytest.fixture
def ours_to_destroy(ran_before: bool) -> None:
    """Skips, and says so, where the local Azure was there before the tests: it is the user's."""
    if ran_before:
        pytest.skip("a local Azure was running before the tests; `make local-down` first to test `pulumi destroy`")


def test_destroy_leaves_workload_clusters_and_the_repository(local: Local, ours_to_destroy: None) -> None:
    began = time.time()
    text = local.run("pulumi", "destroy", "--yes", "--skip-preview", timeout=10 * MINUTES)
    assert "stays as it is" in text
    deleted = [each["path"] for each in local.requests(began, method="DELETE")]
    assert any(path.endswith("managedClusters/aks-local") for path in deleted)
    # Everything of the management cluster has its name, or is a role that was given to one of its identities.
    assert [path for path in deleted if "local" not in path and "roleAssignments" not in path] == []

    nodes = local.get(FIRST, "nodes")["items"]
    assert nodes
    with pytest.raises(CommandFailed):
        local.run("pulumi", "stack", "output", "kubeconfig", "--show-secrets")
