"""Identities, federated credentials, and signing in with them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conformance.running import SUBSCRIPTION, Running, words
from tests.conformance.test_managed_clusters import CLUSTER

SUBJECT = "system:serviceaccount:capz-system:capz-manager"
AUDIENCE = "api://AzureADTokenExchange"


def credential(issuer: str = "https://issuer.example/", subject: str = SUBJECT) -> dict[str, Any]:
    return {"issuer": issuer, "subject": subject, "audiences": [AUDIENCE]}


@pytest.fixture
def identity(identities: Any, group: str) -> Any:
    return identities.user_assigned_identities.create_or_update(group, "capz", {"location": "northeurope"})


@pytest.fixture
def issuer(aks: Any, group: str) -> str:
    cluster = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    return str(cluster.oidc_issuer_profile.issuer_url)


def test_an_identity_keeps_its_principal(identities: Any, group: str, identity: Any) -> None:
    again = identities.user_assigned_identities.create_or_update(
        group, "capz", {"location": "northeurope", "tags": {"a": "1"}}
    )
    assert (again.principal_id, again.client_id) == (identity.principal_id, identity.client_id)
    assert identity.principal_id != identity.client_id
    assert [found.name for found in identities.user_assigned_identities.list_by_resource_group(group)] == ["capz"]
    assert identities.user_assigned_identities.update(group, "capz", {"tags": {}}).tags == {}
    identities.user_assigned_identities.delete(group, "capz")
    assert list(identities.user_assigned_identities.list_by_resource_group(group)) == []


def test_issuer_and_subject_are_unique(identities: Any, group: str, identity: Any) -> None:
    credentials = identities.federated_identity_credentials
    created = credentials.create_or_update(group, "capz", "a", credential())
    assert (created.issuer, created.subject) == ("https://issuer.example/", SUBJECT)
    assert credentials.create_or_update(group, "capz", "a", credential()).id == created.id
    with pytest.raises(ResourceExistsError) as refused:
        credentials.create_or_update(group, "capz", "b", credential())
    assert "Issuer and subject combination already exists" in str(refused.value)
    credentials.delete(group, "capz", "a")
    assert list(credentials.list(group, "capz")) == []


def test_an_identity_has_at_most_20_credentials(identities: Any, group: str, identity: Any, no_faults: Running) -> None:
    no_faults.set(federated_credential_seconds=0)
    for number in range(20):
        identities.federated_identity_credentials.create_or_update(
            group, "capz", f"c{number}", credential(subject=f"s{number}")
        )
    with pytest.raises(HttpResponseError) as refused:
        identities.federated_identity_credentials.create_or_update(group, "capz", "c20", credential(subject="s20"))
    assert refused.value.status_code == 400


def test_credentials_of_one_identity_are_written_one_after_the_other(
    identities: Any, group: str, identity: Any, no_faults: Running
) -> None:
    no_faults.set(federated_credential_seconds=0.5)

    def write(number: int) -> str:
        try:
            identities.federated_identity_credentials.create_or_update(
                group, "capz", f"c{number}", credential(subject=f"s{number}")
            )
        except ResourceExistsError as error:
            return str(error.error.code if error.error else error)
        return "written"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(write, range(2))) == [
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            "written",
        ]


def test_a_service_account_signs_in_and_acts_within_its_roles(  # noqa: PLR0917
    azure: Running, identities: Any, roles: Any, group: str, identity: Any, issuer: str
) -> None:
    identities.federated_identity_credentials.create_or_update(group, "capz", "c", credential(issuer))
    account = azure.credential(identity.client_id, azure.service_account_token(issuer, SUBJECT))
    groups = azure.client(ResourceManagementClient, account).resource_groups
    with pytest.raises(HttpResponseError) as refused:
        groups.get(group)
    assert (refused.value.status_code, words(refused).code) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in words(refused).message
    assert identity.principal_id in words(refused).message
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    roles.role_assignments.create(
        f"{SUBSCRIPTION}/resourceGroups/{group}",
        "3d5f1d10-0000-4000-8000-00000000000a",
        {
            "principal_id": identity.principal_id,
            "principal_type": "ServicePrincipal",
            "role_definition_id": f"/providers/Microsoft.Authorization/roleDefinitions/{reader}",
        },
    )
    assert groups.get(group).name == group
    with pytest.raises(HttpResponseError) as refused:
        groups.update(group, {"tags": {}})
    assert "resourceGroups/write" in words(refused).message


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"iss": "https://elsewhere.example/"}, 700211),
        ({"sub": "system:serviceaccount:capz-system:other"}, 700213),
        ({"aud": ["api://other"]}, 700212),
        ({"seconds": -4000}, 700024),
    ],
)
def test_a_wrong_assertion_is_refused(  # noqa: PLR0917
    azure: Running, identities: Any, group: str, identity: Any, issuer: str, claims: dict[str, Any], number: int
) -> None:
    identities.federated_identity_credentials.create_or_update(group, "capz", "c", credential(issuer))
    assertion = azure.service_account_token(issuer, SUBJECT, **claims)
    with pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}"):
        azure.credential(identity.client_id, assertion).get_token("https://management.azure.com/.default")


def test_a_forged_assertion_is_refused(azure: Running, identities: Any, group: str, identity: Any, issuer: str) -> None:
    identities.federated_identity_credentials.create_or_update(group, "capz", "c", credential(issuer))
    head, claims, signature = azure.service_account_token(issuer, SUBJECT).split(".")
    forged = ".".join((head, claims, signature[:-8] + "AAAAAAAA"))
    with pytest.raises(ClientAuthenticationError, match="AADSTS50013"):
        azure.credential(identity.client_id, forged).get_token("https://management.azure.com/.default")


def test_an_unknown_client_is_refused(azure: Running) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        azure.credential("00000000-1111-2222-3333-444444444444").get_token("https://management.azure.com/.default")


def test_the_token_for_kubernetes_names_the_principal(azure: Running) -> None:
    token = azure.credential().get_token("6dae42f8-4368-4678-94ff-3960e28e3630/.default")
    assert token.expires_on > time.time() + 3000
