"""The management cluster is lost. `pulumi up --refresh` builds one that takes over every workload cluster as it is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from local_azure.command import CommandFailed
from local_azure.instance import OPERATOR_CLIENT_ID
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.faults.management import OLD, Management, bodies, last_bodies
from tests.faults.runbook import commands
from tests.faults.settled import ready

MINUTES = 60.0
RUNBOOK = ("disaster-recovery.md", "The management cluster is lost")
ASO = "azureserviceoperator-controller-manager"


def agent(local: Local) -> dict[str, Any]:
    """What runs of the agent on the workload cluster: pods by name, with identity and restarts."""
    pods = local.get(FIRST, "pods", "-n", "flux-system")["items"]
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            [status["restartCount"] for status in pod["status"]["containerStatuses"]],
        )
        for pod in pods
    }


def check_adopted(local: Local, since: float, before: dict[str, Any], agents: dict[str, Any]) -> None:
    """Nothing was deleted in Azure, and everything that was written was there already, to the byte."""
    ours = [each for each in local.requests(since) if each["client_id"] != OPERATOR_CLIENT_ID]
    assert [each["path"] for each in ours if each["method"] == "DELETE"] == []
    written = bodies([each for each in ours if each["method"] == "PUT"])
    assert written, "nothing was taken over"
    assert written == {path: before.get(path) for path in written}
    assert agent(local) == agents


@pytest.mark.fault(28)
def test_an_emptied_management_cluster_is_filled_from_git(fleet: Local) -> None:
    management, began = Management(fleet), time.time()
    before, agents = last_bodies(fleet, began), agent(fleet)
    management.wipe()
    eventually(lambda: fleet.get(MANAGEMENT, "namespaces") is not None, 120, "the empty management cluster")

    with pytest.raises(CommandFailed) as failed:
        fleet.run("pulumi", "preview", timeout=5 * MINUTES)
    assert "the management cluster is empty" in failed.value.output
    assert "Traceback" not in failed.value.output

    fleet.run("bash", "-ec", commands(*RUNBOOK), timeout=20 * MINUTES)
    ready(fleet)
    check_adopted(fleet, began, before, agents)


@pytest.mark.fault(28, 29)
def test_a_deleted_management_cluster_is_built_anew_and_the_old_one_is_fenced(fleet: Local) -> None:
    management, began = Management(fleet), time.time()
    before, agents, uid = last_bodies(fleet, began), agent(fleet), management.uid()
    issuer = fleet.run("pulumi", "stack", "output", "oidc_issuer_url").strip()
    with management.put_aside() as old:
        management.delete_in_portal()
        with pytest.raises(CommandFailed, match="ResourceNotFound"):
            fleet.run("pulumi", "preview", timeout=5 * MINUTES)

        fleet.run("bash", "-ec", commands(*RUNBOOK), timeout=20 * MINUTES)
        management.renew_kubeconfig()
        ready(fleet)
        assert management.uid() != uid
        assert fleet.run("pulumi", "stack", "output", "oidc_issuer_url").strip() != issuer
        check_adopted(fleet, began, before, agents)

        management.clusters.resume()
        management.renew_kubeconfig()
        _check_fenced(fleet, issuer)
        assert old.spec.issuer_url == issuer


def _check_fenced(local: Local, issuer: str) -> None:
    """The old one has started anew, so that it has no token from before: it gets none, and writes nothing."""
    eventually(lambda: local.get(OLD, "deployment", ASO, "-n", "capz-system") is not None, 180, "the old one's API")
    began = time.time()
    eventually(lambda: _refused(local, began, issuer), 300, "the old one asking for a token")
    pool = ["managedclustersagentpools", f"{FIRST}-system", "-n", CLUSTERS]
    local.run("kubectl", "--context", OLD, "patch", *pool, "--type=merge", "-p", '{"spec":{"count":7}}')
    time.sleep(90)  # longer than a period of comparing with Azure
    written = local.requests(began, method="PUT", path="agentPools/system$")
    assert [each["body"]["properties"]["count"] for each in written if each["body"]["properties"]["count"] == 7] == []
    answers = [each["status"] for each in local.requests(began, path="oauth2/v2.0/token") if _from(each, issuer)]
    assert answers and set(answers) == {401}


def _refused(local: Local, since: float, issuer: str) -> bool:
    return any(_from(each, issuer) for each in local.requests(since, path="oauth2/v2.0/token"))


def _from(request: Any, issuer: str) -> bool:
    return bool(request["body"].get("presented", {}).get("iss") == issuer)
