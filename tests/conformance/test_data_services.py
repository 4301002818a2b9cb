"""Storage accounts, PostgreSQL servers and key vaults, by Microsoft's own clients; no data is behind them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient
from azure.mgmt.storage import StorageManagementClient

from local_azure import instance
from tests.conformance.running import Running, words

PASSWORD = "Correct-horse-7"
ACCOUNT: dict[str, Any] = {"location": "northeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}
SERVER: dict[str, Any] = {
    "location": "northeurope",
    "sku": {"name": "Standard_B1ms", "tier": "Burstable"},
    "properties": {
        "version": "16",
        "administratorLogin": "shop",
        "administratorLoginPassword": PASSWORD,
        "storage": {"storageSizeGB": 64},
    },
}


@pytest.fixture
def storage(azure: Running) -> Any:
    return azure.client(StorageManagementClient).storage_accounts


@pytest.fixture
def postgres(azure: Running) -> Any:
    return azure.client(PostgreSQLManagementClient)


@pytest.fixture
def vaults(azure: Running) -> Any:
    return azure.client(KeyVaultManagementClient).vaults


def test_a_storage_account_has_endpoints_and_two_keys(storage: Any, group: str) -> None:
    made = storage.begin_create(group, "shoporders", ACCOUNT).result()
    assert made.primary_endpoints.blob == "https://shoporders.blob.core.windows.net/"
    assert (made.provisioning_state, made.sku.tier, made.enable_https_traffic_only) == ("Succeeded", "Standard", True)
    before = storage.list_keys(group, "shoporders").keys
    after = storage.regenerate_key(group, "shoporders", {"keyName": "key1"}).keys
    assert [each.key_name for each in before] == ["key1", "key2"]
    assert [one.value == other.value for one, other in zip(before, after, strict=True)] == [False, True]
    assert [each.name for each in storage.list_by_resource_group(group)] == ["shoporders"]
    assert storage.update(group, "shoporders", {"tags": {"team": "shop"}}).tags == {"team": "shop"}
    storage.delete(group, "shoporders")
    assert list(storage.list_by_resource_group(group)) == []


def test_keys_are_shown_by_nothing_else(azure: Running, storage: Any, group: str) -> None:
    storage.begin_create(group, "shopsecrets", ACCOUNT).result()
    key = storage.list_keys(group, "shopsecrets").keys[0].value
    assert key not in str(storage.get_properties(group, "shopsecrets").serialize(keep_readonly=True))
    assert key not in str(azure.requests(path="shopsecrets"))


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("Shop-Orders", ACCOUNT, "AccountNameInvalid"),
        ("shopbilling", {**ACCOUNT, "properties": {"publicNetworkAccess": 1}}, "InvalidParameter"),
        ("shopbilling", {**ACCOUNT, "sku": {"name": "Standard_Cheap"}}, "InvalidParameter"),
    ],
)
def test_what_storage_refuses(storage: Any, group: str, name: str, body: dict[str, Any], code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        storage.begin_create(group, name, body).result()
    assert words(refused).code == code


def test_names_of_accounts_are_unique_in_azure(storage: Any, resources: Any, group: str) -> None:
    storage.begin_create(group, "shoptaken", ACCOUNT).result()
    resources.resource_groups.create_or_update("another", {"location": "northeurope"})
    with pytest.raises(HttpResponseError) as refused:
        storage.begin_create("another", "shoptaken", ACCOUNT)
    assert words(refused).code == "StorageAccountAlreadyTaken"


def test_a_postgres_server_with_a_database(azure: Running, postgres: Any, group: str) -> None:
    server = postgres.servers.begin_create(group, "shop-orders", SERVER).result()
    assert server.fully_qualified_domain_name == "shop-orders.postgres.database.azure.com"
    assert (server.state, server.administrator_login, server.administrator_login_password) == ("Ready", "shop", None)
    database = postgres.databases.begin_create(group, "shop-orders", "orders", {}).result()
    assert (database.charset, database.collation) == ("UTF8", "en_US.utf8")
    rule = {"properties": {"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.9"}}
    postgres.firewall_rules.begin_create_or_update(group, "shop-orders", "cluster", rule).result()
    assert [each.name for each in postgres.firewall_rules.list_by_server(group, "shop-orders")] == ["cluster"]
    assert PASSWORD not in str(azure.requests(path="flexibleServers"))
    postgres.servers.begin_delete(group, "shop-orders").result()
    assert list(postgres.servers.list_by_resource_group(group)) == []


def test_a_server_that_takes_entra_tokens_only_has_no_password(postgres: Any, group: str) -> None:
    signs_in = {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled", "tenantId": instance.TENANT_ID}
    body = {**SERVER, "properties": {"version": "16", "authConfig": signs_in}}
    server = postgres.servers.begin_create(group, "shop-entra", body).result()
    assert (server.auth_config.password_auth, server.administrator_login) == ("Disabled", None)


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("Shop", {}, "InvalidServerName"),
        ("shop-weak", {"administratorLoginPassword": "short"}, "PasswordNotComplex"),
        ("shop-root", {"administratorLogin": "root"}, "InvalidParameterValue"),
        ("shop-none", {"administratorLogin": None}, "InvalidParameterValue"),
    ],
)
def test_what_postgres_refuses(postgres: Any, group: str, name: str, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        postgres.servers.begin_create(group, name, {**SERVER, "properties": {**SERVER["properties"], **changed}})
    assert words(refused).code == code


def test_addresses_of_a_rule_are_in_order(postgres: Any, group: str) -> None:
    postgres.servers.begin_create(group, "shop-rules", SERVER).result()
    rule = {"properties": {"startIpAddress": "10.0.0.9", "endIpAddress": "10.0.0.1"}}
    with pytest.raises(HttpResponseError) as refused:
        postgres.firewall_rules.begin_create_or_update(group, "shop-rules", "wrong", rule)
    assert words(refused).code == "InvalidIpAddress"


def test_a_key_vault(vaults: Any, group: str) -> None:
    properties = {"tenantId": instance.TENANT_ID, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    made = vaults.begin_create_or_update(group, "shop-vault", {"location": "northeurope", "properties": properties})
    assert made.result().properties.vault_uri == "https://shop-vault.vault.azure.net/"
    wrong = {"location": "northeurope", "properties": {**properties, "sku": {"family": "A", "name": "gold"}}}
    with pytest.raises(HttpResponseError) as refused:
        vaults.begin_create_or_update(group, "shop-gold", wrong)
    assert words(refused).code == "InvalidParameter"
    vaults.delete(group, "shop-vault")
    assert list(vaults.list_by_resource_group(group)) == []
