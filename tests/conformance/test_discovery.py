"""Documents clients read before they sign in, and the authorization webhook of API servers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local_azure import instance
from tests.conformance.running import Running
from tests.conformance.test_managed_clusters import CLUSTER


def test_the_cloud_tells_its_endpoints_on_the_host_that_was_asked(azure: Running) -> None:
    now = azure.http.get("/metadata/endpoints", params={"api-version": "2022-09-01"}).json()
    assert now["resourceManager"] == f"{azure.url}/"
    assert now["authentication"]["loginEndpoint"] == f"{azure.url}/"
    before = azure.http.get("/metadata/endpoints", params={"api-version": "2019-05-01"}).json()
    assert before[0]["resourceManager"] == f"{azure.url}/"


@pytest.mark.parametrize(
    ("version", "issuer"),
    [
        ("", f"https://sts.windows.net/{instance.TENANT_ID}/"),
        ("v2.0/", f"https://login.microsoftonline.com/{instance.TENANT_ID}/v2.0"),
    ],
)
def test_both_protocols_are_discovered(azure: Running, version: str, issuer: str) -> None:
    document = azure.http.get(f"/{instance.TENANT_ID}/{version}.well-known/openid-configuration").json()
    assert document["issuer"] == issuer
    assert document["token_endpoint"] == f"{azure.url}/{instance.TENANT_ID}/oauth2/{version}token"
    assert azure.http.get(document["jwks_uri"]).json()["keys"]


def test_another_tenant_is_unknown(azure: Running) -> None:
    answer = azure.http.get("/11111111-1111-1111-1111-111111111111/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_instance_discovery_trusts_the_host_that_was_asked_for(azure: Running) -> None:
    authority = f"https://login.microsoftonline.com/{instance.TENANT_ID}/oauth2/v2.0/authorize"
    query = {"api-version": "1.1", "authorization_endpoint": authority}
    document = azure.http.get("/common/discovery/instance", params=query).json()
    assert document["metadata"][0]["preferred_network"] == "login.microsoftonline.com"
    assert instance.TENANT_ID in document["tenant_discovery_endpoint"]


def test_the_first_protocol_gives_a_token_for_a_resource(azure: Running) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": instance.OPERATOR_CLIENT_ID,
        "client_assertion": (azure.folder / "operator" / "token").read_text(),
        "resource": "https://management.azure.com/",
    }
    answer = azure.http.post(f"/{instance.TENANT_ID}/oauth2/token", data=form).json()
    assert (answer["token_type"], answer["resource"]) == ("Bearer", "https://management.azure.com/")


def test_there_are_no_client_secrets(azure: Running) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": instance.OPERATOR_CLIENT_ID,
        "client_secret": "x",
        "scope": "https://management.azure.com/.default",
    }
    answer = azure.http.post(f"/{instance.TENANT_ID}/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_description"].startswith("AADSTS7000215")


def test_arm_wants_a_token_of_this_tenant_for_itself(azure: Running) -> None:
    def ask(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return azure.http.get("/subscriptions", params={"api-version": "2022-12-01"}, headers=headers)

    assert ask("").json()["error"]["code"] == "AuthenticationFailed"
    assert ask("nonsense").json()["error"]["code"] == "InvalidAuthenticationToken"
    for_kubernetes = azure.credential().get_token(f"{instance.AKS_SERVER_APP_ID}/.default").token
    assert ask(for_kubernetes).json()["error"]["code"] == "InvalidAuthenticationTokenAudience"
    assert "www-authenticate" in ask("").headers


def test_an_api_server_learns_what_azure_roles_allow(azure: Running, aks: Any, roles: Any, group: str) -> None:
    cluster = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    guid = cluster.oidc_issuer_profile.issuer_url.rstrip("/").rsplit("/", 1)[1]
    somebody = str(uuid.uuid4())
    attributes = {"verb": "create", "group": "apps", "resource": "deployments", "namespace": "team"}

    def allowed(**changes: str) -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": somebody, "resourceAttributes": {**attributes, **changes}},
        }
        return bool(azure.http.post(f"/aks/{guid}/authorize", json=review).json()["status"]["allowed"])

    def assign(role: str, scope: str) -> None:
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"principal_id": somebody, "principal_type": "ServicePrincipal", "role_definition_id": definition}
        roles.role_assignments.create(scope, str(uuid.uuid4()), body)

    assert not allowed()
    assign("a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb", f"{cluster.id}/namespaces/team")
    assert allowed() and not allowed(namespace="other") and not allowed(group="rbac.authorization.k8s.io")
    assign("b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", cluster.id)
    assert allowed(namespace="other") and allowed(group="rbac.authorization.k8s.io", resource="roles")


def test_control_is_only_for_this_machine(azure: Running) -> None:
    assert azure.http.get("/_local/health").json()["status"] == "ready"
    assert azure.http.patch("/_local/settings", json={"speed": 1}).status_code == 400
