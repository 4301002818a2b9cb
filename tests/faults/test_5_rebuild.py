"""The management cluster is lost. `pulumi up --refresh` builds one that takes over every workload cluster as it is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from local_azure.command import CommandFailed
from local_azure.instance import OPERATOR_CLIENT_ID
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import CHECKOUT, FIRST, MANAGEMENT, Local, eventually
from tests.faults.agent import agent
from tests.faults.management import OLD, Management, changed
from tests.faults.runbook import commands
from tests.faults.settled import ready

MINUTES = 60.0
RUNBOOK = ("disaster-recovery.md", "The management cluster is lost")
ASO = "azureserviceoperator-controller-manager"


STRAIGHT = "straight"


@pytest.fixture(scope="module", autouse=True)
def straight(local: Local) -> Iterator[None]:
    """A cluster straight from Azure Service Operator beside the first one."""
    request = CHECKOUT / "tests/fleet/requests" / STRAIGHT
    local.commit(f"Add {STRAIGHT}", lambda fleet: copy(request, fleet / merges.CLUSTERS / STRAIGHT))
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
    ready(local)
    yield
    for edit in (merges.approve, merges.remove):
        local.commit(f"{edit.__name__.title()} {STRAIGHT}", partial(edit, name=STRAIGHT))
        local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
    what = ("managedclusters.containerservice.azure.com", STRAIGHT, "-n", CLUSTERS)
    eventually(lambda: local.get(MANAGEMENT, *what) is None, 300, f"the end of {STRAIGHT}")


def copy(source: Path, target: Path) -> None:
    """A directory to where none is."""
    shutil.copytree(source, target)


def check_adopted(local: Local, since: float, agents: dict[str, Any]) -> None:
    """Nothing was deleted in Azure, and everything that was written was there already, to the byte."""
    assert changed(local, since) == []
    for name in (FIRST, STRAIGHT):
        path = f"managedClusters/{name}$"
        writers = {each["client_id"] for each in local.requests(since, method="PUT", path=path)}
        assert writers - {OPERATOR_CLIENT_ID}, f"{name} was not taken over"
    assert agent(local) == agents


@pytest.mark.fault(28)
def test_an_emptied_management_cluster_is_filled_from_git(fleet: Local) -> None:
    management, began = Management(fleet), time.time()
    agents = agent(fleet)
    management.wipe()
    eventually(lambda: fleet.get(MANAGEMENT, "namespaces") is not None, 120, "the empty management cluster")

    with pytest.raises(CommandFailed) as failed:
        fleet.run("pulumi", "preview", timeout=5 * MINUTES)
    assert "the management cluster is empty" in failed.value.output
    assert "Traceback" not in failed.value.output

    fleet.run("bash", "-ec", commands(*RUNBOOK), timeout=20 * MINUTES)
    ready(fleet)
    check_adopted(fleet, began, agents)


@pytest.mark.fault(28, 29)
def test_a_deleted_management_cluster_is_built_anew_and_the_old_one_is_fenced(fleet: Local) -> None:
    management, began = Management(fleet), time.time()
    agents, uid = agent(fleet), management.uid()
    issuer = fleet.run("pulumi", "stack", "output", "oidc_issuer_url").strip()
    token = management.token_of_azure_service_operator()
    with management.put_aside() as old:
        management.delete_in_portal()
        with pytest.raises(CommandFailed, match="ResourceNotFound"):
            fleet.run("pulumi", "preview", timeout=5 * MINUTES)

        fleet.run("bash", "-ec", commands(*RUNBOOK), timeout=20 * MINUTES)
        management.renew_kubeconfig()
        ready(fleet)
        assert management.uid() != uid
        assert fleet.run("pulumi", "stack", "output", "oidc_issuer_url").strip() != issuer
        check_adopted(fleet, began, agents)
        _check_token_from_before(fleet, token)

        eventually(management.resumed, 180, "the old one")
        management.renew_kubeconfig()
        _check_fenced(fleet, issuer)
        assert old.spec.issuer_url == issuer


def _check_fenced(local: Local, issuer: str) -> None:
    """The old one has started anew, so that it has no token from before: it gets none, and writes nothing."""
    eventually(lambda: local.get(OLD, "deployment", ASO, "-n", "capz-system") is not None, 180, "the old one's API")
    began = time.time()
    eventually(lambda: _answers(local, began, issuer), 300, "the old one asking for a token")
    pool = ["managedclustersagentpools", f"{FIRST}-system", "-n", CLUSTERS]
    local.run("kubectl", "--context", OLD, "patch", *pool, "--type=merge", "-p", '{"spec":{"count":7}}')
    time.sleep(90)  # longer than a period of comparing with Azure
    assert 7 not in _counts(local, began)
    assert set(_answers(local, began, issuer)) == {401}


def _check_token_from_before(local: Local, token: AccessToken) -> None:
    """What the old one still had may write until it expires, within the hour; the new one takes that back."""
    assert token.expires_on < time.time() + 3600
    pools, began = local.azure(token).agent_pools, time.time()
    pool = pools.get(FIRST, FIRST, "system")
    pool.count = 2
    pools.begin_create_or_update(FIRST, FIRST, "system", pool).result()
    eventually(lambda: _counts(local, began)[-1] == 1, 240, "the pool as Git says")


def _counts(local: Local, since: float) -> list[int]:
    """Node counts that were written since then, by whomever."""
    written = local.requests(since, method="PUT", path=f"{FIRST}/agentPools/system$")
    return [each["body"]["properties"]["count"] for each in written]


def _answers(local: Local, since: float, issuer: str) -> list[int]:
    """How Entra answered who came with a token of this issuer."""
    asked = local.requests(since, path="oauth2/v2.0/token")
    return [each["status"] for each in asked if each["body"].get("presented", {}).get("iss") == issuer]
