"""A team adds a cluster and applications by its own repository, and a hostile one gains nothing by its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from local_azure.command import CommandFailed
from tests.e2e.local import CHECKOUT, FIRST, MANAGEMENT, Local, eventually
from tests.e2e.team import NAMESPACE, OWN_HYDRATION, PAGE, Object, Team, said

BLUE = "shop-dev-blue"
REQUEST = (CHECKOUT / "tests/fleet/requests/first/cluster.yaml").read_text().replace("name: first", f"name: {BLUE}")
GREETING = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting}
data: {from: "${cluster_name}", identity: "${client_id}"}
"""
IDENTITY = "clusters/dev/orders/identity.yaml"
LIMIT = "the limit of team shop in dev is"


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


def test_its_applications_act_as_an_identity_of_its_own(team: Team, blue: str, local: Local) -> None:
    began, identity = time.time(), ["userassignedidentity", "shop-dev-orders", "-n", NAMESPACE]
    assert team.said(team.commit("Our identity", {IDENTITY: PAGE[IDENTITY]})) == ""
    eventually(lambda: _is(local, "Ready", *identity), 120, "the identity")
    eventually(lambda: _is(local, "Ready", "federatedidentitycredential", "shop-dev-orders-blue"), 120, "trust")
    client_id = local.get(MANAGEMENT, *identity)["status"]["clientId"]
    team.local.see(blue)
    eventually(lambda: _greeting(local, blue)["identity"] == client_id, 120, "its client ID in an application")
    trusted = local.requests(began, method="PUT", path="federatedIdentityCredentials")[-1]["body"]["properties"]
    issuer = local.get(MANAGEMENT, "configmap", f"{blue}-issuer", "-n", NAMESPACE)["data"]["issuer"]
    assert (trusted["issuer"], trusted["subject"]) == (issuer, "system:serviceaccount:shop:orders")

    # The group may hold data, so its deletion is approved as a cluster's is.
    assert "its deletion is not approved" in team.said(team.remove("clusters/dev/orders"))
    assert local.get(MANAGEMENT, *identity) is None
    _delete_approved(local, "resourcegroup.resources.azure.com", "shop-dev-orders")


def document(kind: str, name: str, api: str = "v1", **more: object) -> str:
    """A file of one object."""
    metadata: Object = {"name": name, **more.pop("metadata", {})}  # type: ignore[dict-item]
    return yaml.safe_dump({"apiVersion": api, "kind": kind, "metadata": metadata, **more})


def _to_be_administrator(namespace: str) -> str:
    return document(
        "ClusterRoleBinding",
        "shop-rules",
        "rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        subjects=[{"kind": "ServiceAccount", "name": "team", "namespace": namespace}],
    )


def _beyond(old: str, new: str) -> str:
    text = REQUEST.replace(BLUE, "shop-dev-bad")
    assert old in text
    return text.replace(old, new)


FLUX = "kustomize.toolkit.fluxcd.io/v1"
APPROVAL = '{slipway.dev/deletion-approved-by: us, slipway.dev/deletion-approved-until: "2099-01-01T00:00:00Z"}'
FORBIDDEN = 'User "system:serviceaccount:shop-dev:team" cannot'
HYDRATED = OWN_HYDRATION
WHOLE_CLASS = (
    "{name: aks-v1, namespace: clusters}\n    version: ${kubernetes_version}\n"
    "    variables: [{name: location, value: westeurope}]"
)

HOSTILE = {
    "a namespace": ({"bad.yaml": document("Namespace", "mine")}, FORBIDDEN),
    "all rights": ({"bad.yaml": _to_be_administrator(NAMESPACE)}, FORBIDDEN),
    "other limits": ({"bad.yaml": document("ConfigMap", "limits", data={"clusters": "99"})}, FORBIDDEN),
    "something in clusters": (
        {"bad.yaml": document("ConfigMap", "bad", metadata={"namespace": "clusters"}, data={})},
        f'{FORBIDDEN} patch resource "configmaps" in API group "" in the namespace "shop-dev"',
    ),
    "no policy": (
        {
            "bad.yaml": document(
                "ValidatingAdmissionPolicyBinding", "tenant-clusters", "admissionregistration.k8s.io/v1"
            )
        },
        FORBIDDEN,
    ),
    "a kubeconfig of its own": ({"bad.yaml": document("Secret", "shop-dev-bad-kubeconfig")}, FORBIDDEN),
    "the platform's Secret": (
        {
            "bad.yaml": document(
                "Kustomization",
                "reader",
                FLUX,
                spec={
                    "interval": "1m",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "team"},
                    "postBuild": {"substituteFrom": [{"kind": "Secret", "name": "fleet-git-values"}]},
                },
            )
        },
        "is not the agent, sync or shop of a cluster",
    ),
    "an agent from its own source": (
        {
            "bad.yaml": document(
                "Kustomization",
                "shop-dev-bad-agent",
                FLUX,
                spec={
                    "interval": "1m",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "team"},
                    "kubeConfig": {"secretRef": {"name": "shop-dev-bad-kubeconfig"}},
                },
            )
        },
        "is not what hydration makes of a cluster",
    ),
    # Upstream's image has git, which the one here has not: it is the flag that refuses there.
    "a remote base": (
        {"kustomization.yaml": "resources: [https://github.com/fluxcd/flux2]\n"},
        "kustomize build failed",
    ),
    "a file of the controller": (
        {"kustomization.yaml": "configMapGenerator: [{name: bad, files: [/etc/passwd]}]\n"},
        "kustomize build failed",
    ),
    "another size": (
        {
            "cluster.yaml": _beyond(
                "classRef: {name: aks}", "classRef: {name: aks}\n    variables: [{name: vmSize, value: Standard_M128s}]"
            ),
            "kustomization.yaml": HYDRATED,
        },
        f"size Standard_M128s; {LIMIT} Standard_D2s_v5, Standard_D4s_v5",
    ),
    "another region": (
        {
            "cluster.yaml": _beyond("name: shop-dev-bad\n", "name: shop-dev-bad\n  labels: {region: brazilsouth}\n"),
            "kustomization.yaml": HYDRATED,
        },
        f"region brazilsouth; {LIMIT} northeurope, westeurope",
    ),
    "more clusters": (
        {"cluster.yaml": REQUEST.replace(BLUE, "shop-dev-bad"), "kustomization.yaml": HYDRATED},
        "exceeded quota: clusters",
    ),
    "somebody else's name": (
        {"cluster.yaml": _beyond("shop-dev-bad", FIRST).replace("{name: aks}", WHOLE_CLASS)},  # else it names the agent
        f"Cluster {FIRST}: the name of a cluster in shop-dev begins with shop-dev-",
    ),
    "a deletion": (
        {
            "cluster.yaml": _beyond("name: shop-dev-bad\n", f"name: shop-dev-bad\n  annotations: {APPROVAL}\n"),
            "kustomization.yaml": HYDRATED,
        },
        "may not approve the deletion of Cluster shop-dev-bad",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_repository_has_nothing_on_the_management_cluster(team: Team, blue: str, what: str) -> None:
    files, refused = HOSTILE[what]
    commit = team.commit(f"Have {what}", {f"clusters/dev/bad/{name}": text for name, text in files.items()})
    try:
        assert refused in team.said(commit)
    finally:
        team.remove("clusters/dev/bad")


def kustomization(name: str, **spec: object) -> str:
    """A Kustomization of the team's own, of what would make it the cluster's administrator."""
    whole = {"interval": "1m", "prune": True, "path": "./escalation", "sourceRef": OWN_SOURCE, **spec}
    return document("Kustomization", name, FLUX, spec=whole)


OWN_SOURCE = {"kind": "GitRepository", "name": "applications"}
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "there",
    "contexts": [{"name": "there", "context": {"cluster": "there", "user": "controller"}}],
    "clusters": [
        {"name": "there", "cluster": {"server": "https://kubernetes.default", "insecure-skip-tls-verify": True}}
    ],
    "users": [
        {"name": "controller", "user": {"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}},
        {"name": "program", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh"}}},
    ],
}
THERE = {
    "without-an-account": (kustomization("without-an-account"), 'User "system:serviceaccount:shop:default" cannot'),
    "the-controllers": (
        kustomization("the-controllers", serviceAccountName="kustomize-controller"),
        'User "system:serviceaccount:shop:kustomize-controller" cannot',
    ),
    "the-fleets-source": (
        kustomization(
            "the-fleets-source", sourceRef={"kind": "GitRepository", "name": "fleet", "namespace": "flux-system"}
        ),
        "cross-namespace references",
    ),
    "a-file-as-token": (kustomization("a-file-as-token", kubeConfig={"secretRef": {"name": "there"}}), ""),
}


def test_a_hostile_repository_has_nothing_on_a_workload_cluster(team: Team, blue: str, local: Local) -> None:
    files = {f"applications/dev/{name}.yaml": text for name, (text, _) in THERE.items()}
    files["applications/dev/there.yaml"] = document("Secret", "there", stringData={"value": yaml.safe_dump(KUBECONFIG)})
    files["escalation/all.yaml"] = _to_be_administrator("shop")
    commit = team.commit("Our own Kustomizations", files)
    assert team.said_on(FIRST, commit) == ""
    for name, (_, refused) in THERE.items():
        heard = said(local, FIRST, "shop", name)
        assert heard, f"{name} was applied"
        assert refused in heard
    commit = team.commit("Directly", {"applications/dev/all.yaml": _to_be_administrator("shop")})
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
