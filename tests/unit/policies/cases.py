"""For each rule, by its id: resources that are as they should be, and some that are not, with what is said then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.program.marks import SECRET
from policies.program.rule import MANAGED_CLUSTER, Resource

PARENTS = "slipway:azure:ManagementCluster$slipway:azure:Aks$"
WINDOWS = "azure-native:containerservice:MaintenanceConfiguration"
ROLE = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
OURS = "11111111-2222-4333-8444-555555555555"
ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"


class Case(NamedTuple):
    """Resources that pass, resources that do not, a part of what is said of them, and the rule's configuration."""

    good: Sequence[Resource]
    bad: Sequence[Resource]
    said: str
    configuration: Mapping[str, Any] = {}


def resource(kind: str, properties: Mapping[str, Any] | None = None, name: str = "one", parents: str = "") -> Resource:
    """A resource with the URN Pulumi would give it."""
    return Resource(kind, f"urn:pulumi:test::slipway::{parents}{kind}::{name}", properties or {})


def cluster(name: str = "aks", /, parents: str = PARENTS, **properties: Any) -> Resource:
    """An AKS cluster, by default the management cluster."""
    return resource(MANAGED_CLUSTER, properties, name, parents)


def _assignment(role: str, **more: str) -> Resource:
    return resource("azure-native:authorization:RoleAssignment", {"roleDefinitionId": ROLE + role, **more})


def _role(action: str, **more: Any) -> Resource:
    properties = {"permissions": [{"actions": [action]}], "roleDefinitionId": OURS, **more}
    return resource("azure-native:authorization:RoleDefinition", properties)


def _runs_as(subscription: str) -> Resource:
    return cluster(identity={"userAssignedIdentities": [f"/subscriptions/{subscription}/resourceGroups/g/…"]})


def _pools(*zones: str) -> list[Mapping[str, Any]]:
    return [{"name": "system", "availabilityZones": list(zones)}]


def _workload(image: str) -> Resource:
    pod = {"spec": {"containers": [{"image": image}]}}
    return resource("kubernetes:apps/v1:Deployment", {"spec": {"template": pod}})


def _config_map(**data: str) -> Resource:
    return resource("kubernetes:core/v1:ConfigMap", {"data": data})


def _git_values(**annotations: str) -> Resource:
    metadata = {"name": "fleet-git-values", "annotations": annotations}
    return resource("kubernetes:core/v1:Secret", {"metadata": metadata, "data": SECRET})


def _given(**values: Any) -> Resource:
    known = unknown_checking_proxy({"profile": values})
    return resource("azure-native:example:Example", known)


def _variable(name: str, value: str) -> Resource:
    return resource("kubernetes:core/v1:Pod", {"env": [{"name": name, "value": value}]})


NOT_TOLD = UNKNOWN_STRING_VALUE
FORMS = [
    ("a private key", "-----BEGIN CERTIFICATE-----", "-----BEGIN RSA PRIVATE KEY-----"),
    ("a token of GitHub", "ghp_short", f"ghp_{'a1' * 18}"),
    ("a token of GitLab", "glpat", f"glpat-{'a1' * 10}"),
    ("a key in a connection string", "AccountName=a", f"AccountName=a;AccountKey={'a1' * 43}=="),
    ("a signed token", "eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"),
    ("a password in an address", "https://git@example.com", "https://git:hunter2@git.example.com/fleet.git"),
]
"""What it is called, what is like it and none, and one."""

GRANT = "Microsoft.Authorization/roleAssignments/write"
TRUST = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"
MIRROR = {"mirror": "mirror.example.com"}
_window = [resource(WINDOWS, {"name": f"aksManaged{which}UpgradeSchedule"}, which) for which in ("Auto", "NodeOS")]
_restricted: Mapping[str, Any] = {"apiServerAccessProfile": {"authorizedIPRanges": ["192.0.2.0/24"]}}
_entra: Mapping[str, Any] = {"aadProfile": {"managed": True, "enableAzureRBAC": True}}
_federated: Mapping[str, Any] = {
    "oidcIssuerProfile": {"enabled": True},
    "securityProfile": {"workloadIdentity": {"enabled": True}},
}
_patched: Mapping[str, Any] = {"autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"}}
_tagged: Mapping[str, Any] = {"tags": {"managed-by": "slipway", "stack": "test"}}

CASES: dict[str, list[Case]] = {
    "one-management-cluster": [
        Case([cluster()], [cluster("first", parents="")], "component did not make"),
        Case([cluster()], [cluster(), cluster("again")], "is a second management cluster, beside aks"),
    ],
    "no-fleet-objects": [
        Case(
            [
                resource("kubernetes:core/v1:Namespace"),
                resource("kubernetes:kustomize.toolkit.fluxcd.io/v1:Kustomization"),
            ],
            [resource("kubernetes:cluster.x-k8s.io/v1beta2:Cluster")],
            "is a Cluster of cluster.x-k8s.io",
        ),
        Case(
            [resource("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")],
            [resource("kubernetes:infrastructure.cluster.x-k8s.io/v1beta1:AzureASOManagedCluster")],
            "is a AzureASOManagedCluster",
        ),
        Case([], [resource("kubernetes:containerservice.azure.com/v1api20240901:ManagedCluster")], "fleet repository"),
    ],
    "api-server-restricted": [
        Case([cluster(**_restricted)], [cluster()], "the whole internet reaches"),
        Case(
            [cluster(apiServerAccessProfile={"enablePrivateCluster": True})],
            [cluster(apiServerAccessProfile={"authorizedIPRanges": ["0.0.0.0/0"]})],
            "authorizes every address",
        ),
    ],
    "no-local-accounts": [Case([cluster(disableLocalAccounts=True)], [cluster()], "has local accounts")],
    "entra-and-azure-rbac": [
        Case([cluster(**_entra)], [cluster()], "users from Entra"),
        Case([cluster(**_entra)], [cluster(aadProfile={"managed": True})], "rights from Azure RBAC"),
    ],
    "workload-identity": [
        Case([cluster(**_federated)], [cluster()], "has no OIDC issuer"),
        Case([cluster(**_federated)], [cluster(oidcIssuerProfile={"enabled": True})], "has no workload identity"),
    ],
    "least-privilege": [
        Case([_assignment("b24988ac-6180-42a0-ab88-20f7382dd24c")], [_assignment(OWNER)], "assigns Owner"),
        Case(
            [_assignment(ACCESS_ADMINISTRATOR, condition="@Request…")],
            [_assignment(ACCESS_ADMINISTRATOR)],
            "User Access Administrator without a condition",
        ),
        Case([_role("Microsoft.Network/virtualNetworks/read")], [_role("*")], "the action *"),
        Case([_role("*/read")], [_role("*/action")], "the action */action"),
        Case([_role("*/read")], [_role("Microsoft.Authorization/roleAssignments/*")], "roleAssignments/*"),
        Case([_role("*/read")], [_role("Microsoft.Authorization/roleDefinitions/write")], "roleDefinitions/write"),
        Case(
            [_role(GRANT), _assignment(OURS, condition="@Request…")],
            [_role(GRANT), _assignment(OURS, condition="@Request…"), _assignment(OURS)],
            "without a condition",
        ),
    ],
    "identities-out-of-reach": [
        Case(
            [_runs_as("s"), _role(TRUST, assignableScopes=["/subscriptions/other"])],
            [_runs_as("s"), _role(TRUST, assignableScopes=["/subscriptions/S"])],
            "federatedIdentityCredentials/write in the management cluster's own subscription",
        ),
        Case(
            [_runs_as("s"), _role("Microsoft.Network/natGateways/write", assignableScopes=["/subscriptions/s"])],
            [_runs_as("s"), _role(GRANT, assignableScopes=["/subscriptions/s"])],
            "roleAssignments/write",
        ),
    ],
    "zones": [Case([cluster(agentPoolProfiles=_pools("1", "2"))], [cluster(agentPoolProfiles=_pools("1"))], "system")],
    "standard-tier": [Case([cluster(sku={"tier": "Standard"})], [cluster(sku={"tier": "Free"})], "tier Free")],
    "auto-upgrade": [
        Case([cluster(**_patched)], [cluster()], "no patches of Kubernetes"),
        Case([cluster(**_patched)], [cluster(autoUpgradeProfile={"upgradeChannel": "patch"})], "patches of its nodes"),
    ],
    "maintenance-windows": [Case([cluster(), *_window], [cluster(), _window[0]], "aksManagedNodeOSUpgradeSchedule")],
    "tags": [
        Case([cluster(**_tagged)], [cluster(tags={"stack": "test"})], "has no tag managed-by"),
        Case([cluster(tags={"owner": "me"})], [cluster(**_tagged)], "has no tag owner", {"tags": ["owner"]}),
    ],
    "images-from-mirror": [
        Case(
            [_workload("mirror.example.com/flux:v1")],
            [_workload("ghcr.io/flux:v1")],
            "ghcr.io",
            {"mirror": "mirror.example.com"},
        ),
        Case(
            [_workload("mirror.example.com/nginx")], [_workload("nginx")], "docker.io", {"mirror": "mirror.example.com"}
        ),
    ],
    "secrets-marked": [
        Case([_given(adminPassword=SECRET)], [_given(adminPassword="hunter2")], "has profile.adminPassword, which"),
        Case([_given(client_secret=SECRET)], [_given(client_secret="hunter2")], "has profile.client_secret, which"),
        Case([_given(tokenLifetime="1h", keys=[NOT_TOLD])], [_given(token="t")], "has profile.token, which"),
        Case([_given(password=NOT_TOLD)], [_given(password="p")], "has profile.password, which"),
        Case([_given(secretName="git")], [_given(kubeconfig="apiVersion: v1")], "has profile.kubeconfig, which"),
        Case([_given(primaryConnectionString=SECRET)], [_given(primaryConnectionString="Endpoint=…")], "which is not"),
        Case([_variable("LEVEL", "debug")], [_variable("DB_PASSWORD", "hunter2")], "has env[0].DB_PASSWORD, which"),
        *(
            Case([_given(note=SECRET), _given(note=harmless)], [_given(note=value)], f"has {what} in profile.note")
            for what, harmless, value in FORMS
        ),
    ],
    "no-open-secrets": [
        Case([_config_map(location="westeurope")], [_config_map(git_password="hunter2")], "has git_password where"),
        Case([_config_map(location="westeurope")], [_config_map(domain=SECRET)], "has domain where"),
        Case([], [resource("kubernetes:core/v1:ConfigMap", {"data": SECRET})], "has secrets where"),
        Case(
            [_config_map(ca="-----BEGIN CERTIFICATE-----")],
            [_config_map(pem="-----BEGIN RSA PRIVATE KEY-----")],
            "has pem where",
        ),
    ],
    "agents-only-read": [
        Case([_git_values()], [_git_values(**{"slipway.dev/pushes": "true"})], "a credential that can push"),
    ],
}
