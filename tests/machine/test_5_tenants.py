"""A team may add clusters within its limits by its own repository, and nothing else: on a real API server."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from local_azure.clusters import Clusters
from local_azure.toolchain import Toolchain
from tests.fleet.rendering import Fleet
from tests.machine.cluster import Cluster, soon, spec
from tests.machine.teams import KUSTOMIZATIONS, NAMESPACE, Object, Team

BLUE = "Cluster/shop-dev-blue"
LIMIT = "the limit of team shop in dev is"


@pytest.fixture(scope="module")
def team(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The team `shop`, without a node: nothing here needs a pod."""
    clusters.create(spec("teams"))
    folder = tmp_path_factory.mktemp("teams")
    return Team(Cluster(clusters, tools, "teams", folder), tools, Fleet(folder))


def changed(team: Team, what: str, *path: Any, to: Any) -> Object:
    """What the team asks for, with the field at `path` set to another value."""
    other = copy.deepcopy(team.asked[what])
    at: Any = other
    for key in path[:-1]:
        at = at[key] if isinstance(key, int) else at.setdefault(key, {})
    at[path[-1]] = to
    return other


def with_variable(team: Team, name: str, value: Any) -> Object:
    """Its cluster, with one more variable, or with another value of one that hydration sets."""
    variables = [each for each in team.asked[BLUE]["spec"]["topology"]["variables"] if each["name"] != name]
    return changed(team, BLUE, "spec", "topology", "variables", to=[*variables, {"name": name, "value": value}])


def test_a_cluster_within_the_limits_is_admitted_with_its_hydration(team: Team) -> None:
    for wanted in team.asked.values():
        assert team.refused(wanted) == ""
    assert team.refused(with_variable(team, "vmSize", "Standard_D4s_v5")) == ""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("vmSize", "Standard_M128s", f"size Standard_M128s; {LIMIT} Standard_D2s_v5, Standard_D4s_v5"),
        ("defaults", {"vmSize": "Standard_M128s"}, "size Standard_M128s; the limit"),
        ("defaults", {"tier": "Premium"}, f"tier Premium; {LIMIT} Free"),
        ("tier", "Standard", f"tier Standard; {LIMIT} Free"),
        ("location", "brazilsouth", f"region brazilsouth; {LIMIT} northeurope, westeurope"),
        ("somethingNew", "x", "variable somethingNew; a team may set"),
    ],
)
def test_beyond_a_limit_the_message_says_the_value_and_the_limit(
    team: Team, variable: str, value: object, said: str
) -> None:
    assert f"Cluster shop-dev-blue: {said}" in team.refused(with_variable(team, variable, value))


def test_nor_beyond_one_in_a_single_pool(team: Team) -> None:
    overrides = {"overrides": [{"name": "vmSize", "value": "Standard_M128s"}]}
    pool = ("spec", "topology", "workers", "machinePools", 0)
    assert "size Standard_M128s" in team.refused(changed(team, BLUE, *pool, "variables", to=overrides))
    assert f"9 nodes in pool system; {LIMIT} 5" in team.refused(changed(team, BLUE, *pool, "replicas", to=9))
    scaling = {"overrides": [{"name": "autoscale", "value": {"min": 1, "max": 9}}]}
    assert f"up to 9 nodes in a pool by autoscale; {LIMIT} 5" in team.refused(
        changed(team, BLUE, *pool, "variables", to=scaling)
    )
    growing = {"annotations": {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "99"}}
    assert "no annotation of cluster.x-k8s.io" in team.refused(changed(team, BLUE, *pool, "metadata", to=growing))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("metadata", "name"), "first", "the name of a cluster in shop-dev begins with shop-dev-"),
        (("metadata", "labels", "region"), "brazilsouth", "region brazilsouth"),
        (("metadata", "labels", "environment"), "production", "environment production"),
        (("spec", "topology", "version"), "v1.35.0", "version v1.35.0"),
        (("spec", "topology", "classRef", "name"), "gold-v1", f"class clusters/gold-v1; {LIMIT} clusters/aks-v1"),
        (("spec", "topology", "classRef", "namespace"), "shop-dev", "class shop-dev/aks-v1"),
        (
            ("spec", "topology", "workers", "machinePools"),
            [{"class": "user", "name": f"p{number}", "replicas": 1} for number in range(4)],
            f"4 pools; {LIMIT} 3",
        ),
        (
            ("spec", "infrastructureRef"),
            {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AzureASOManagedCluster", "name": "other"},
            "refers to nothing by itself",
        ),
    ],
)
def test_a_cluster_is_one_as_the_environment_has_them(
    team: Team, path: tuple[str, ...], value: object, said: str
) -> None:
    assert said in team.refused(changed(team, BLUE, *path, to=value))


@pytest.mark.parametrize("annotation", ["slipway.dev/deletion-approved-by", "slipway.dev/deletion-approved-until"])
def test_a_team_approves_no_deletion(team: Team, annotation: str) -> None:
    wanted = changed(team, BLUE, "metadata", "annotations", annotation, to="2099-01-01T00:00:00Z")
    assert "may not approve the deletion of Cluster shop-dev-blue" in team.refused(wanted)


@pytest.mark.parametrize(
    ("part", "path", "value", "said"),
    [
        ("agent", ("spec", "patches"), [], "patches differ"),
        ("agent", ("spec", "sourceRef", "name"), "team", "sourceRef differ"),
        ("agent", ("spec", "kubeConfig", "secretRef", "name"), "aso-credential", "kubeConfig differ"),
        ("agent", ("spec", "kubeConfig", "secretRef", "key"), "other", "kubeConfig differ"),
        ("agent", ("spec", "serviceAccountName"), "default", "serviceAccountName differ"),
        ("sync", ("spec", "path"), "./anything", "path differ"),
        ("sync", ("spec", "targetNamespace"), "kube-system", "targetNamespace differ"),
        ("sync", ("spec", "decryption"), {"provider": "sops", "secretRef": {"name": "fleet-git"}}, "decryption differ"),
        ("sync", ("spec", "postBuild", "substitute", "fleet_url"), "https://evil.example.com", "fleet_url differ"),
        ("sync", ("spec", "postBuild", "substitute", "cluster_name"), "first", "cluster_name differ"),
        ("sync", ("spec", "postBuild", "substitute", "region"), "x\n---\nkind: Any", "region differ"),
        ("shop", ("spec", "postBuild", "substitute", "tenant"), "search", "tenant differ"),
        (
            "shop",
            ("spec", "postBuild", "substituteFrom"),
            [{"kind": "Secret", "name": "fleet-git-values"}],
            "substituteFrom differ",
        ),
    ],
)
def test_hydration_is_as_the_platform_says_or_not_at_all(
    team: Team, part: str, path: tuple[str, ...], value: object, said: str
) -> None:
    refused = team.refused(changed(team, f"Kustomization/shop-dev-blue-{part}", *path, to=value))
    assert said in refused
    assert f"Kustomization shop-dev-blue-{part} is not what hydration makes of a cluster" in refused


@pytest.mark.parametrize("name", ["team", "cluster-agent", "cluster-sync", "shop-dev-blue-other", "mine"])
def test_no_other_kustomization_is_the_teams(team: Team, name: str) -> None:
    said = f"Kustomization {name} is not the agent, sync or shop of a cluster shop-dev-…"
    assert said in team.refused(team.named("Kustomization/shop-dev-blue-agent", name))
    if name in ("team", "cluster-agent", "cluster-sync"):
        assert said in team.sends("delete", f"{KUSTOMIZATIONS}/{name}", "--dry-run=server")


@pytest.mark.parametrize(
    "words",
    [
        ("get", "secrets"),
        ("get", "secret", "fleet-git"),
        ("get", "secrets", "--namespace=clusters"),
        ("create", "configmap", "limits", "--dry-run=server"),
        ("patch", "configmap", "limits", "--patch={}"),
        ("patch", "resourcequota", "clusters", "--patch={}"),
        ("create", "rolebinding", "more", "--clusterrole=cluster-admin", "--serviceaccount=shop-dev:team"),
        ("create", "clusterrolebinding", "more", "--clusterrole=cluster-admin", "--serviceaccount=shop-dev:team"),
        ("create", "namespace", "mine"),
        ("label", "namespace", NAMESPACE, "slipway.dev/tenant-"),
        ("create", "token", "team"),
        ("delete", "validatingadmissionpolicy", "tenant-clusters"),
        ("get", "clusters.cluster.x-k8s.io", "--namespace=clusters"),
        ("delete", "clusters.cluster.x-k8s.io", "--all", "--namespace=clusters"),
        ("get", "gitrepositories.source.toolkit.fluxcd.io", "fleet"),
    ],
)
def test_nothing_else_is_the_teams(team: Team, words: tuple[str, ...]) -> None:
    assert "forbidden" in team.sends(*words)


def test_a_team_is_nobody_else(team: Team) -> None:
    said = team.sends("auth", "can-i", "impersonate", "serviceaccounts", "--namespace=flux-system")
    assert said, "it may impersonate"


IDENTITY, GROUP = "UserAssignedIdentity/shop-dev-orders", "ResourceGroup/shop-dev-orders"
TRUST = "FederatedIdentityCredential/shop-dev-orders-blue"
FILES, RIGHT = "StorageAccount/shop-dev-files", "RoleAssignment/shop-dev-files-orders"
OWNER_ROLE = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
AZURE_SPEC = ("spec", "operatorSpec", "configMaps", "clientId", "name")


@pytest.mark.parametrize(
    ("what", "path", "value", "said"),
    [
        (GROUP, ("metadata", "name"), "first", "names in shop-dev begin with shop-dev-"),
        (GROUP, ("spec", "azureName"), "first", "in Azure those of resource groups too"),
        (GROUP, ("spec", "location"), "brazilsouth", f"region brazilsouth; {LIMIT} northeurope, westeurope"),
        (
            GROUP,
            ("metadata", "annotations", "serviceoperator.azure.com/credential-from"),
            "fleet-git",
            "not by credential-from",
        ),
        (GROUP, ("metadata", "annotations", "slipway.dev/deletion-approved-by"), "us", "may not approve the deletion"),
        (IDENTITY, ("spec", "owner"), {"name": "first"}, "its owner is one of shop-dev"),
        (IDENTITY, ("spec", "owner"), {"armId": "/subscriptions/a/resourceGroups/b"}, "its owner is one of shop-dev"),
        (
            IDENTITY,
            AZURE_SPEC,
            "limits",
            "begins with shop-dev-orders and does not end with -issuer, or is shop-identity",
        ),
        (
            IDENTITY,
            ("spec", "operatorSpec", "secretExpressions"),
            [{"name": "fleet-git", "key": "password", "value": "'x'"}],
            "whose name begins with shop-dev-orders",
        ),
        (
            IDENTITY,
            ("spec", "operatorSpec", "configMapExpressions"),
            [{"name": "shop-dev-orders-issuer", "key": "issuer", "value": "'https://evil.example.com'"}],
            "does not end with -issuer",
        ),
        (TRUST, ("spec", "subject"), "system:serviceaccount:search:web", "its subject begins with"),
        (TRUST, ("spec", "issuer"), "https://evil.example.com", "its issuer is that of a cluster of the team"),
        (TRUST, ("spec", "issuerFromConfig", "name"), "shop-identity", "its issuer is that of a cluster of the team"),
        (TRUST, ("spec", "issuerFromConfig", "key"), "other", "its issuer is that of a cluster of the team"),
        (FILES, ("spec", "allowSharedKeyAccess"), True, "a team has no account keys"),
        (RIGHT, ("spec", "roleDefinitionReference", "armId"), OWNER_ROLE, "a team grants rights to the data"),
        (RIGHT, ("spec", "owner", "kind"), "ResourceGroup", "a team grants rights to the data"),
        (RIGHT, ("spec", "owner", "name"), "others-files", "its owner is one of shop-dev"),
    ],
)
def test_of_azure_a_team_has_what_is_its_own(
    team: Team, what: str, path: tuple[str, ...], value: object, said: str
) -> None:
    assert said in team.refused(changed(team, what, *path, to=value))


def test_of_azure_a_team_has_kinds_of_its_limits(team: Team) -> None:
    limits = ["-n", NAMESPACE, "patch", "configmap", "limits", "--type=merge", "--patch"]
    team.cluster.kubectl(*limits, '{"data": {"azure": "ResourceGroup"}}')
    said = f"kind UserAssignedIdentity; {LIMIT} ResourceGroup"
    assert soon(lambda: said in team.refused(team.asked[IDENTITY]), 20)
    assert team.refused(team.asked[GROUP]) == ""


def test_the_number_of_clusters_is_limited(team: Team) -> None:
    for name in ("shop-dev-one", "shop-dev-two"):
        assert soon(lambda name=name: team.apply(team.named(BLUE, name)) == ""), team.apply(team.named(BLUE, name))  # type: ignore[misc]
    said = team.refused(team.named(BLUE, "shop-dev-three"))
    assert "exceeded quota: clusters" in said
    assert "limited: count/clusters.cluster.x-k8s.io=2" in said


def test_without_limits_nothing_is_admitted(team: Team) -> None:
    team.cluster.kubectl("-n", NAMESPACE, "delete", "configmap", "limits")
    assert soon(lambda: "no params found" in team.refused(team.asked[BLUE]), 20)
