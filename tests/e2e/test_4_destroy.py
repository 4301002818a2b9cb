"""`pulumi destroy` asks the fleet before it deletes anything; detached, it runs on. The request log is the witness."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_azure import first_cluster
from local_azure.clusters import Clusters
from local_azure.command import CommandFailed
from local_azure.toolchain import ensure
from management_cluster.hand_off import CLUSTERS
from management_cluster.teardown.detach import BRANCH
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.faults.runbook import blocks, commands
from tests.faults.settled import ready

MINUTES = 60.0
DESTROY = ("pulumi", "destroy", "--yes", "--skip-preview")


@pytest.fixture
def ours_to_destroy(ran_before: bool) -> None:
    """Skips, and says so, where the local Azure was there before the tests: it is the user's."""
    if ran_before:
        pytest.skip("a local Azure was running before the tests; `make local-down` first to test `pulumi destroy`")


def test_a_live_fleet_refuses_and_nothing_is_deleted(local: Local) -> None:
    began, before = time.time(), resources(local)
    with pytest.raises(CommandFailed) as failed:
        local.run(*DESTROY, timeout=5 * MINUTES)
    said = failed.value.output
    for item in ("Cluster", "ResourceGroup", "ManagedCluster"):
        assert f"{item} {CLUSTERS}/{FIRST}" in said
    assert "SLIPWAY_TEARDOWN=detach pulumi destroy" in said
    assert "Traceback" not in said
    assert local.requests(began, method="DELETE") == []
    assert resources(local) == before


def test_to_continue_on_errors_deletes_nothing_in_azure_either(local: Local) -> None:
    began = time.time()
    with pytest.raises(CommandFailed) as failed:
        local.run(*DESTROY, "--continue-on-error", timeout=5 * MINUTES)
    assert f"Cluster {CLUSTERS}/{FIRST}" in failed.value.output
    assert local.requests(began, method="DELETE") == []
    # The engine forgets what would end with the cluster, and takes it up again.
    local.run("pulumi", "up", "--yes", "--skip-preview", timeout=10 * MINUTES)


def test_a_management_cluster_that_does_not_answer_refuses_too(local: Local) -> None:
    began, before = time.time(), resources(local)
    clusters = Clusters(ensure().bin)
    name = local.run("pulumi", "stack", "output", "management_cluster").strip()
    spec = next(each for each in clusters.list() if each.name == name)
    clusters.stop(spec.resource_id)
    try:
        for choice in ("refuse", "drain", "detach"):
            with pytest.raises(CommandFailed, match="does not answer") as failed:
                local.run("env", f"SLIPWAY_TEARDOWN={choice}", *DESTROY, timeout=5 * MINUTES)
            assert "nobody knows which workload clusters it runs" in failed.value.output
            assert "SLIPWAY_TEARDOWN_UNCHECKED=local pulumi destroy" in failed.value.output
    finally:
        clusters.resume()
    eventually(lambda: local.get(MANAGEMENT, "namespaces") is not None, 60, "the management cluster's API server")
    eventually(local.reconciles, 300, "webhooks and policies that answer again")
    assert local.requests(began, method="DELETE") == []
    assert resources(local) == before


def test_who_changed_his_mind_goes_on(local: Local) -> None:
    """As a detach leaves it that was stopped half-way."""
    for namespace in ("flux-system", CLUSTERS):
        local.run("flux", "--context", MANAGEMENT, "suspend", "kustomization", "--all", "-n", namespace)
    pause = ("--type=merge", "-p", '{"spec":{"paused":true}}')
    local.run("kubectl", "--context", MANAGEMENT, "patch", "cluster", FIRST, "-n", CLUSTERS, *pause)
    back = commands("deletion.md", "Back from a drain or detach that stopped half-way")
    local.run("bash", "-ec", back.replace("<name>", FIRST), timeout=5 * MINUTES)
    ready(local)


def test_a_detached_fleet_runs_on_and_git_says_what_to_adopt(local: Local, ours_to_destroy: None) -> None:
    began = time.time()
    _, let_go = blocks("deletion.md", "Tear a management cluster down")
    text = local.run("bash", "-ec", let_go.replace("pulumi destroy", " ".join(DESTROY)), timeout=10 * MINUTES)
    assert f"running on in Azure: Cluster {CLUSTERS}/{FIRST}" in text
    assert "stays as it is" in text
    deleted = [each["path"] for each in local.requests(began, method="DELETE")]
    assert any(path.endswith("managedClusters/aks-local") for path in deleted)
    # Everything of the management cluster has its name, or is a role made for or given to one of its identities.
    assert [path for path in deleted if "local" not in path and "Microsoft.Authorization/role" not in path] == []

    record = detached(local)
    assert [each["metadata"]["name"] for each in record["clusters"]] == [FIRST]
    assert any(each.endswith(f"/managedClusters/{FIRST}") for each in record["azure"])
    nodes = local.get(FIRST, "nodes")["items"]
    assert nodes
    with pytest.raises(CommandFailed):
        local.run("pulumi", "stack", "output", "kubeconfig", "--show-secrets")


def resources(local: Local) -> list[str]:
    """What the stack's state knows."""
    state = json.loads(local.run("pulumi", "stack", "export"))
    return [each["urn"] for each in state["deployment"]["resources"]]


def detached(local: Local) -> Any:
    """The record of the management cluster on the branch `detached` of the fleet repository."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        return yaml.safe_load(first_cluster.git(local.env, "-C", checkout, "show", f"origin/{BRANCH}:local.yaml"))
