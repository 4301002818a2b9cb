"""Keys of vaults: made by ARM and by the vault, used by those who may, by Microsoft's own clients."""

from __future__ import annotations

import stat
import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm
from azure.mgmt.keyvault import KeyVaultManagementClient

from infra.fleet_roles import DECRYPTION
from local_azure import instance
from local_azure.azure import access
from local_azure.azure.directory import OPERATOR
from tests.conformance.holder import ROLES, Asker, Holder
from tests.conformance.running import SCOPES, SUBSCRIPTION, Running, words
from tests.conformance.test_managed_clusters import CLUSTER

ROLE = {str(role["roleName"]): guid for guid, role in access.built_in_roles().items()}
KEY: dict[str, Any] = {"properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["encrypt", "decrypt"]}}
OAEP = EncryptionAlgorithm.rsa_oaep_256
DATA = b"the key of one file"


@pytest.fixture
def arm(azure: Running) -> Any:
    return azure.client(KeyVaultManagementClient)


@pytest.fixture
def operator(azure: Running) -> Asker:
    return Asker(azure, azure.credential().get_token(*SCOPES).token)


@pytest.fixture
def vault(arm: Any, group: str) -> str:
    """The name of a vault that goes by Azure RBAC."""
    return _vault(arm, group, f"kv-{uuid.uuid4().hex[:12]}", rbac=True)


@pytest.fixture
def key(arm: Any, group: str, vault: str) -> Any:
    return arm.keys.create_if_not_exist(group, vault, "sops", KEY)


@pytest.fixture
def officer(operator: Asker, key: Any) -> None:
    """The operator, Owner of the subscription, may use the vault's keys too."""
    _assign(operator, ROLE["Key Vault Crypto Officer"], key.id.rpartition("/keys/")[0], OPERATOR.object_id)


@pytest.fixture
def flux(azure: Running, operator: Asker, aks: Any, group: str) -> Holder:
    """An identity without any role."""
    cluster = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    return Holder(azure, operator, group, cluster.oidc_issuer_profile.issuer_url)


def test_arm_makes_a_key_once_and_shows_its_versions(arm: Any, group: str, vault: str, key: Any) -> None:
    assert (key.kty, key.key_size, list(key.key_ops)) == ("RSA", 3072, ["encrypt", "decrypt"])
    assert key.key_uri == f"https://{vault}.vault.azure.net/keys/sops"
    again = arm.keys.create_if_not_exist(group, vault, "sops", {"properties": {"kty": "RSA", "keySize": 2048}})
    assert again.key_uri_with_version == key.key_uri_with_version
    (version,) = arm.keys.list_versions(group, vault, "sops")
    assert version.key_uri_with_version == key.key_uri_with_version
    assert arm.keys.get_version(group, vault, "sops", version.name).key_size == 3072
    assert [each.name for each in arm.keys.list(group, vault)] == ["sops"]
    with pytest.raises(ResourceNotFoundError):
        arm.keys.get_version(group, vault, "sops", "0" * 32)


@pytest.mark.parametrize("changed", [{"kty": "EC"}, {"keySize": 1024}, {"keyOps": ["guess"]}])
def test_a_key_that_nobody_makes(arm: Any, group: str, vault: str, changed: dict[str, Any]) -> None:
    with pytest.raises(HttpResponseError) as refused:
        arm.keys.create_if_not_exist(group, vault, "odd", {"properties": {**KEY["properties"], **changed}})
    assert refused.value.status_code == 400


@pytest.mark.parametrize("algorithm", [OAEP, EncryptionAlgorithm.rsa_oaep])
def test_what_is_encrypted_is_decrypted(
    azure: Running, officer: None, key: Any, algorithm: EncryptionAlgorithm
) -> None:
    crypto = azure.of_vault(CryptographyClient, key.key_uri_with_version)
    encrypted = crypto.encrypt(algorithm, DATA)
    assert encrypted.ciphertext != DATA
    assert crypto.decrypt(algorithm, encrypted.ciphertext).plaintext == DATA


def test_an_owner_of_the_subscription_has_no_keys_by_that(azure: Running, key: Any) -> None:
    crypto = azure.of_vault(CryptographyClient, key.key_uri_with_version)
    with pytest.raises(HttpResponseError) as refused:
        crypto.decrypt(OAEP, b"x" * 384)
    assert refused.value.status_code == 403
    assert (words(refused).code, words(refused).innererror["code"]) == ("Forbidden", "ForbiddenByRbac")
    assert "Action: 'Microsoft.KeyVault/vaults/keys/decrypt/action'" in refused.value.message


def test_fluxs_role_decrypts_by_its_key_and_does_nothing_else(  # noqa: PLR0917
    azure: Running, arm: Any, group: str, vault: str, operator: Asker, officer: None, flux: Holder, key: Any
) -> None:
    encrypted = azure.of_vault(CryptographyClient, key.key_uri_with_version).encrypt(OAEP, DATA).ciphertext
    crypto = azure.of_vault(CryptographyClient, key.key_uri_with_version, flux.credential)
    assert _status(crypto.decrypt, OAEP, encrypted) == 403
    role = flux.hold([])
    permissions = [{"actions": [], "dataActions": list(DECRYPTION.data_actions)}]
    properties = {"roleName": role, "assignableScopes": [SUBSCRIPTION], "permissions": permissions}
    operator.do("PUT", role, {"properties": properties})
    other = arm.keys.create_if_not_exist(group, vault, "other", KEY)
    for assignment in operator.do("GET", f"{ROLES}/roleAssignments")["value"]:
        if assignment["properties"]["principalId"] == flux.principal:  # on the key alone
            operator.do("DELETE", assignment["id"])
    _assign(operator, role.rpartition("/")[2], key.id, flux.principal)
    assert crypto.decrypt(OAEP, encrypted).plaintext == DATA
    assert _status(crypto.encrypt, OAEP, DATA) == 403
    assert _status(azure.of_vault(KeyClient, _address(vault), flux.credential).get_key, "sops") == 403
    by_other = azure.of_vault(CryptographyClient, other.key_uri_with_version, flux.credential)
    assert _status(by_other.decrypt, OAEP, encrypted) == 403


def test_who_may_not_read_a_key_has_the_vault_encrypt(
    azure: Running, operator: Asker, officer: None, flux: Holder, key: Any
) -> None:
    """As SOPS does in any case."""
    role = flux.hold([])
    permissions = [{"actions": [], "dataActions": ["Microsoft.KeyVault/vaults/keys/encrypt/action"]}]
    operator.do(
        "PUT", role, {"properties": {"roleName": role, "assignableScopes": [SUBSCRIPTION], "permissions": permissions}}
    )
    crypto = azure.of_vault(CryptographyClient, key.key_uri_with_version, flux.credential)
    encrypted = crypto.encrypt(OAEP, DATA).ciphertext
    assert (_last(azure, "encrypt")["status"], _last(azure, "encrypt")["needed"]) == (
        200,
        "Microsoft.KeyVault/vaults/keys/encrypt/action",
    )
    assert azure.of_vault(CryptographyClient, key.key_uri_with_version).decrypt(OAEP, encrypted).plaintext == DATA


def test_a_new_version_leaves_what_the_old_one_encrypted_and_a_disabled_one_decrypts_nothing(
    azure: Running, officer: None, vault: str, key: Any
) -> None:
    keys = azure.of_vault(KeyClient, _address(vault))
    old = azure.of_vault(CryptographyClient, key.key_uri_with_version)
    encrypted = old.encrypt(OAEP, DATA).ciphertext
    new = keys.create_rsa_key("sops", size=2048, key_operations=["encrypt", "decrypt"])
    assert keys.get_key("sops").id == new.id != key.key_uri_with_version
    assert [each.id for each in keys.list_properties_of_key_versions("sops")] == [key.key_uri_with_version, new.id]
    assert old.decrypt(OAEP, encrypted).plaintext == DATA
    with pytest.raises(HttpResponseError) as refused:
        azure.of_vault(CryptographyClient, new.id).decrypt(OAEP, encrypted)
    assert refused.value.status_code == 400
    keys.update_key_properties("sops", key.key_uri_with_version.rpartition("/")[2], enabled=False)
    with pytest.raises(HttpResponseError) as refused:
        azure.of_vault(CryptographyClient, key.key_uri_with_version).decrypt(OAEP, encrypted)
    assert words(refused).innererror["code"] == "KeyDisabled"


def test_what_a_key_is_not_for_it_does_not_do(azure: Running, officer: None, vault: str) -> None:
    signs = azure.of_vault(KeyClient, _address(vault)).create_rsa_key("signs", key_operations=["sign"])
    with pytest.raises(HttpResponseError) as refused:
        azure.of_vault(CryptographyClient, f"{signs.id}").decrypt(OAEP, b"x" * 256)
    assert words(refused).innererror["code"] == "KeyOperationForbidden"


def test_a_key_that_is_not_there(azure: Running, officer: None, vault: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        azure.of_vault(KeyClient, _address(vault)).get_key("nothing")
    assert words(refused).code == "KeyNotFound"


def test_a_vault_tells_for_what_it_wants_a_token(azure: Running, vault: str) -> None:
    for token in ("", f"Bearer {azure.credential().get_token(*SCOPES).token}"):
        headers = {"Host": f"{vault}.vault.azure.net"} | ({"Authorization": token} if token else {})
        answer = azure.http.get("/keys/sops", params={"api-version": "7.4"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == (
            f'Bearer authorization="https://login.microsoftonline.com/{instance.TENANT_ID}", '
            'resource="https://vault.azure.net"'
        )


def test_an_invalid_token_is_refused_whoever_asks(azure: Running, vault: str) -> None:
    foreign = azure.service_account_token("https://elsewhere.example", "me", aud="https://vault.azure.net")
    headers = {"Host": f"{vault}.vault.azure.net", "Authorization": f"Bearer {foreign}"}
    assert azure.http.get("/keys/sops", params={"api-version": "7.4"}, headers=headers).status_code == 401


def test_a_vault_with_access_policies_lets_nobody_in(azure: Running, arm: Any, group: str, operator: Asker) -> None:
    vault = _vault(arm, group, f"kv-{uuid.uuid4().hex[:12]}", rbac=False)
    key = arm.keys.create_if_not_exist(group, vault, "sops", KEY)
    _assign(operator, ROLE["Key Vault Crypto Officer"], key.id, OPERATOR.object_id)
    with pytest.raises(HttpResponseError) as refused:
        azure.of_vault(KeyClient, _address(vault)).get_key("sops")
    assert words(refused).innererror["code"] == "AccessDenied"


def test_a_name_is_one_vaults_in_all_of_azure(arm: Any, resources: Any, vault: str) -> None:
    resources.resource_groups.create_or_update("another-vaults", {"location": "northeurope"})
    with pytest.raises(HttpResponseError) as refused:
        _vault(arm, "another-vaults", vault, rbac=True)
    assert words(refused).code == "VaultAlreadyExists"


def test_neither_the_private_key_nor_what_it_encrypts_is_shown_or_logged(  # noqa: PLR0917
    azure: Running, arm: Any, group: str, vault: str, officer: None, key: Any
) -> None:
    crypto = azure.of_vault(CryptographyClient, key.key_uri_with_version)
    ciphertext = crypto.encrypt(OAEP, DATA).ciphertext
    assert crypto.decrypt(OAEP, ciphertext).plaintext == DATA
    assert set(_last(azure, "decrypt")["body"]) == {"alg", "value"}
    assert _last(azure, "decrypt")["body"]["value"] == "[hidden]"
    shown = str(arm.keys.get(group, vault, "sops").serialize(keep_readonly=True))
    assert "PRIVATE KEY" not in shown + str(azure.requests())
    database = azure.folder / "azure" / "azure.sqlite"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700


def _vault(arm: Any, group: str, name: str, *, rbac: bool) -> str:
    properties = {"tenantId": instance.TENANT_ID, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    body = {"location": "northeurope", "properties": {**properties, "enableRbacAuthorization": rbac}}
    return str(arm.vaults.begin_create_or_update(group, name, body).result().name)


def _assign(operator: Asker, role: str, scope: str, principal: str) -> None:
    properties = {"roleDefinitionId": f"{ROLES}/roleDefinitions/{role}", "principalId": principal}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    operator.do("PUT", path, {"properties": {**properties, "principalType": "ServicePrincipal"}})


def _address(vault: str) -> str:
    return f"https://{vault}.vault.azure.net"


def _status(call: Any, *arguments: Any) -> int:
    with pytest.raises(HttpResponseError) as refused:
        call(*arguments)
    return int(refused.value.status_code or 0)


def _last(azure: Running, operation: str) -> dict[str, Any]:
    return azure.requests(path=f"/keys/.*/{operation}$", method="POST")[-1]
