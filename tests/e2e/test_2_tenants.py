"""A team adds a cluster and applications by its own repository, and a hostile one gains nothing by its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from local_azure.command import CommandFailed
from tests.e2e.hostile import BLUE, HOSTILE, KUBECONFIG, REQUEST, THERE, document, to_be_administrator
from tests.e2e.local import CHECKOUT, FIRST, MANAGEMENT, Local, eventually
from tests.e2e.team import NAMESPACE, OWN_HYDRATION, PAGE, Object, Team, said

GREETING = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting}
data:
  from: "${cluster_name}"
  identity: "${client_id}"
  files: "${blob_endpoint}"
  database: "${database_host}"
  vault: "${vault_uri}"
"""
IDENTITY, FILES, DATA = (f"clusters/dev/orders/{name}.yaml" for name in ("identity", "files", "data"))
ALSO = (CHECKOUT / "tests/e2e/team_data.yaml").read_text()
HOLD_DATA = {
    "storageaccount.storage.azure.com": "shop-dev-files",
    "flexibleserver.dbforpostgresql.azure.com": "shop-dev-orders",
    "vault.keyvault.azure.com": "shop-dev-orders",
}


@pytest.fixture(scope="module")
def team(local: Local) -> Iterator[Team]:
    """The team, for these tests alone."""
    team = Team(local)
    team.join()
    yield team
    team.leave()


@pytest.fixture(scope="module")
def blue(team: Team, local: Local) -> Iterator[str]:
    """The team's own cluster, with an application of the team on it; the platform deletes it afterwards."""
    files = {"cluster.yaml": REQUEST, "kustomization.yaml": OWN_HYDRATION}
    commit = team.commit(
        "Our cluster",
        {f"clusters/dev/blue/{name}": text for name, text in files.items()}
        | {"applications/dev/greeting.yaml": GREETING},
    )
    assert team.said(commit) == ""
    eventually(lambda: _is(local, "Available", "cluster", BLUE), 300, f"the cluster {BLUE}")
    yield BLUE
    _delete(team, local)


def test_a_teams_cluster_is_hydrated_as_every_other(team: Team, blue: str, local: Local) -> None:
    for part in ("agent", "sync", "shop"):
        eventually(lambda part=part: said(local, MANAGEMENT, NAMESPACE, f"{blue}-{part}") == "", 180, part)  # type: ignore[misc]
    team.local.see(blue)
    deployment = local.get(blue, "deployment", "kube-state-metrics", "-n", "platform")
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"]


@pytest.mark.parametrize("where", [BLUE, FIRST])
def test_its_applications_are_on_its_clusters_and_on_those_it_is_let_onto(
    team: Team, blue: str, local: Local, where: str
) -> None:
    eventually(lambda: _greeting(local, where), 180, f"the application on {where}")
    assert _greeting(local, where)["from"] == where


@pytest.fixture(scope="module")
def orders(team: Team, blue: str, local: Local) -> Iterator[str]:
    """What the team has in Azure for one of its applications; it goes when the platform approves."""
    files = {name: PAGE[name] for name in (IDENTITY, FILES)} | {DATA: ALSO}
    assert team.said(team.commit("Our identity and our data", files)) == ""
    yield "shop-dev-orders"
    # What may hold data is deleted with an approval, as a cluster is.
    assert "its deletion is not approved" in team.said(team.remove("clusters/dev/orders"))
    for kind, name in HOLD_DATA.items():
        _delete_approved(local, kind, name)
    began = time.time()
    _delete_approved(local, "resourcegroup.resources.azure.com", "shop-dev-orders")
    assert any(path.endswith("/resourcegroups/shop-dev-orders") for path in _deletions(local, began))


def test_its_applications_act_as_an_identity_of_its_own(team: Team, blue: str, orders: str, local: Local) -> None:
    for kind, name in (("userassignedidentity", orders), ("federatedidentitycredential", f"{orders}-blue")):
        eventually(lambda kind=kind, name=name: _is(local, "Ready", kind, name), 120, name)  # type: ignore[misc]
    client_id = local.get(MANAGEMENT, "userassignedidentity", orders, "-n", NAMESPACE)["status"]["clientId"]
    team.local.see(blue)
    eventually(lambda: _greeting(local, blue)["identity"] == client_id, 120, "its client ID in an application")
    trust = local.requests(method="PUT", path="federatedIdentityCredentials/shop-dev-orders")[-1]["body"]
    trusted = trust["properties"]
    issuer = local.get(MANAGEMENT, "configmap", f"{blue}-issuer", "-n", NAMESPACE)["data"]["issuer"]
    assert (trusted["issuer"], trusted["subject"]) == (issuer, "system:serviceaccount:shop:orders")


def test_its_data_are_in_azure_and_known_to_its_applications(blue: str, orders: str, local: Local) -> None:
    for kind, name in {**HOLD_DATA, "roleassignment": "shop-dev-files-orders"}.items():
        eventually(lambda kind=kind, name=name: _is(local, "Ready", kind, name), 180, name)  # type: ignore[misc]
    eventually(lambda: all(_greeting(local, blue).values()), 180, "their addresses in an application")
    told = _greeting(local, blue)
    assert told["vault"] == "https://shop-dev-orders.vault.azure.net/"
    assert told["files"] == "https://shopdevfiles.blob.core.windows.net/"
    assert told["database"] == "shop-dev-orders.postgres.database.azure.com"


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_repository_has_nothing_on_the_management_cluster(team: Team, blue: str, what: str) -> None:
    files, refused = HOSTILE[what]
    commit = team.commit(f"Have {what}", {f"clusters/dev/bad/{name}": text for name, text in files.items()})
    try:
        assert refused in team.said(commit)
    finally:
        team.remove("clusters/dev/bad")


def test_a_hostile_repository_has_nothing_on_a_workload_cluster(team: Team, blue: str, local: Local) -> None:
    files = {f"applications/dev/{name}.yaml": text for name, (text, _) in THERE.items()}
    files["applications/dev/there.yaml"] = document("Secret", "there", stringData={"value": yaml.safe_dump(KUBECONFIG)})
    files["escalation/all.yaml"] = to_be_administrator("shop")
    commit = team.commit("Our own Kustomizations", files)
    assert team.said_on(FIRST, commit) == ""
    for name, (_, refused) in THERE.items():
        heard = said(local, FIRST, "shop", name)
        assert heard, f"{name} was applied"
        assert refused in heard
    commit = team.commit("Directly", {"applications/dev/all.yaml": to_be_administrator("shop")})
    assert 'User "system:serviceaccount:shop:team" cannot' in team.said_on(FIRST, commit)
    assert local.get(FIRST, "clusterrolebinding", "shop-rules") is None


def _greeting(local: Local, where: str) -> Object:
    found: Object = (local.get(where, "configmap", "greeting", "-n", "shop") or {}).get("data", {})
    return found


def _is(local: Local, condition: str, kind: str, name: str, *more: str) -> bool:
    found = local.get(MANAGEMENT, kind, name, "-n", NAMESPACE) or {}
    conditions = found.get("status", {}).get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _delete(team: Team, local: Local) -> None:
    """As the page says: the team removes it, which deletes nothing; the platform approves, then deletes."""
    began = time.time()
    assert "its deletion is not approved" in team.said(team.remove("clusters/dev/blue"))
    with pytest.raises(CommandFailed, match="its deletion is not approved"):
        local.run("kubectl", "--context", MANAGEMENT, "delete", "cluster", BLUE, "-n", NAMESPACE)
    _delete_approved(local, "cluster", BLUE)
    assert any(path.endswith(f"/resourcegroups/{BLUE}") for path in _deletions(local, began))


def _delete_approved(local: Local, kind: str, name: str) -> None:
    what = [kind, name, "-n", NAMESPACE]
    until = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    approval = ("slipway.dev/deletion-approved-by=platform", f"slipway.dev/deletion-approved-until={until}")
    local.run("kubectl", "--context", MANAGEMENT, "annotate", *what, *approval)
    eventually(lambda: _deleted(local, what), 60, "the approval at what it is for")
    eventually(lambda: local.get(MANAGEMENT, *what) is None, 300, f"the end of {name}")


def _deleted(local: Local, what: list[str]) -> bool:
    try:
        local.run("kubectl", "--context", MANAGEMENT, "delete", "--wait=false", *what)
    except CommandFailed:
        return False
    return True


def _deletions(local: Local, since: float) -> list[str]:
    return [each["path"].lower() for each in local.requests(since, method="DELETE")]
