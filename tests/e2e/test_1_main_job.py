"""`make local`: from nothing to a hydrated workload cluster, and what stays true afterwards."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e import controllers
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually, make

NODE_OF_POOL = "kubernetes.azure.com/agentpool=system"


def test_it_ends_with_a_table_of_what_runs(main_job: str) -> None:
    for row in ("management cluster", "cluster-api", "infrastructure-azure", "Flux", FIRST, "kube-state-metrics"):
        assert row in main_job, main_job


def test_the_agent_has_applied_its_workloads(local: Local) -> None:
    deployment = local.get(FIRST, "deployment", "kube-state-metrics", "-n", "platform")
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"]


def test_workloads_know_their_cluster(local: Local) -> None:
    info = local.get(FIRST, "configmap", "cluster-info", "-n", "flux-system")["data"]
    assert info["cluster_name"] == FIRST
    assert info["environment"] == "dev"


def test_controllers_sign_in_by_federation_only(local: Local) -> None:
    sign_ins = [each["body"] for each in local.requests() if each["path"].endswith("/oauth2/v2.0/token")]
    subjects = {each["presented"]["sub"] for each in sign_ins}
    assert "system:serviceaccount:capz-system:azureserviceoperator-default" in subjects
    assert "system:serviceaccount:capz-system:capz-manager" in subjects
    assert not any("client_secret" in each for each in sign_ins)


def test_the_operators_tokens_go_with_the_local_azure(local: Local) -> None:
    # In the home folder they would be taken for tokens of the next one, which has the same ids and other keys.
    operator = Path(local.env["AZURE_FEDERATED_TOKEN_FILE"]).parent
    assert list(operator.glob(".IdentityService/*"))


def test_the_controllers_run_as_the_stack_says(local: Local) -> None:
    controllers.check_all(local)


def test_no_controller_was_rolled_out_twice(local: Local) -> None:
    assert set(controllers.revisions(local).values()) == {1}


def test_what_is_taken_out_by_hand_is_there_again(local: Local) -> None:
    where = ("deployment", "azureserviceoperator-controller-manager", "--namespace", "capz-system")
    before = local.get(MANAGEMENT, *where)
    without = {"spec": {"template": {"spec": {"priorityClassName": None}}}}
    local.run("kubectl", "--context", MANAGEMENT, "patch", *where, "--type=merge", "--patch", json.dumps(without))
    assert local.get(MANAGEMENT, *where)["metadata"]["generation"] == before["metadata"]["generation"]


def test_the_outputs_have_the_digest_of_every_image_that_runs(local: Local) -> None:
    digests = json.loads(local.run("pulumi", "stack", "output", "images", "--json"))
    for each in controllers.wanted():
        deployment = local.get(MANAGEMENT, "deployment", each.name, "--namespace", each.namespace)
        image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", digests[image]), image


def test_a_controller_that_is_scaled_by_hand_is_drift(local: Local) -> None:
    name = "capz-controller-manager"
    where = ("deployment", name, "--namespace", "capz-system")
    replicas = local.get(MANAGEMENT, *where)["spec"]["replicas"]
    local.run("kubectl", "--context", MANAGEMENT, "scale", *where, f"--replicas={replicas + 1}")
    local.run("pulumi", "refresh", "--yes", "--skip-preview", timeout=300)
    assert f"replicas {replicas + 1} → {replicas}" in local.run("pulumi", "preview", timeout=300)
    local.run("pulumi", "up", "--yes", "--skip-preview", timeout=600)
    assert local.get(MANAGEMENT, *where)["spec"]["replicas"] == replicas


def test_a_second_run_changes_nothing(local: Local) -> None:
    since = time.time()
    printed = make("local")
    assert "Nothing had to be changed" in printed
    assert local.writes(since, client_id=OPERATOR_CLIENT_ID) == []


def test_preview_expects_no_changes_and_writes_nothing(local: Local) -> None:
    since = time.time()
    local.run("pulumi", "preview", "--non-interactive", "--expect-no-changes")
    assert local.writes(since, client_id=OPERATOR_CLIENT_ID) == []


def test_the_state_does_not_know_the_fleet(local: Local) -> None:
    state = json.loads(local.run("pulumi", "stack", "export"))
    assert FIRST not in {resource["urn"].rpartition("::")[2] for resource in state["deployment"]["resources"]}


def test_no_credential_is_in_the_state_in_clear(local: Local) -> None:
    state = local.run("pulumi", "stack", "export")
    assert local.env["SLIPWAY_GIT_PASSWORD"] not in state
    assert not re.search(r"client-key-data|BEGIN [A-Z ]*PRIVATE KEY", state)


def test_a_pool_is_scaled_by_a_commit(local: Local) -> None:
    for count in (2, 1):
        since = time.time()
        local.commit(f"Scale {FIRST} to {count}", lambda fleet, count=count: _scale(fleet, count))  # type: ignore[misc]
        local.reconcile(MANAGEMENT, "source", "git", "fleet")
        eventually(lambda count=count: _nodes(local) == count, 180, f"{count} nodes in the pool system")  # type: ignore[misc]
        assert any("agentpools/system" in each.lower() for each in local.writes(since))


def test_drift_in_azure_is_corrected(local: Local) -> None:
    """Somebody scales the pool in the portal; Azure Service Operator compares every `slipway:driftPeriod`."""
    pools, since = local.azure().agent_pools, time.time()
    pool = pools.get(FIRST, FIRST, "system")
    pool.count = 2
    pools.begin_create_or_update(FIRST, FIRST, "system", pool).result()
    eventually(lambda: 1 in _counts_set_by_controllers(local, since), 240, "a write that says the pool as Git does")
    eventually(lambda: _nodes(local) == 1, 60, "the pool as Git says")


def _counts_set_by_controllers(local: Local, since: float) -> list[int]:
    """Node counts of the pool that somebody other than the operator wrote since then."""
    writes = local.requests(since, method="PUT", path="agentPools/system")
    return [each["body"]["properties"].get("count") for each in writes if each["client_id"] != OPERATOR_CLIENT_ID]


def _scale(fleet: Path, count: int) -> None:
    request = fleet / "environments/dev/clusters" / FIRST / "cluster.yaml"
    request.write_text(re.sub(r"replicas: \d+", f"replicas: {count}", request.read_text()))


def _nodes(local: Local) -> int:
    return len((local.get(FIRST, "nodes", "-l", NODE_OF_POOL) or {"items": []})["items"])


def test_drift_on_a_workload_cluster_is_corrected_by_its_agent(local: Local) -> None:
    local.run("kubectl", "--context", FIRST, "delete", "deployment", "kube-state-metrics", "-n", "platform")
    local.reconcile(FIRST, "kustomization", "workloads")
    assert local.get(FIRST, "deployment", "kube-state-metrics", "-n", "platform") is not None


def test_drift_of_the_agent_is_corrected_by_the_management_cluster(local: Local) -> None:
    local.run("kubectl", "--context", FIRST, "delete", "deployment", "kustomize-controller", "-n", "flux-system")
    local.reconcile(MANAGEMENT, "kustomization", f"{FIRST}-agent", "-n", "clusters")
    assert local.get(FIRST, "deployment", "kustomize-controller", "-n", "flux-system") is not None
