"""Services behind which nothing real stands: taken, checked, shown."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from local_azure import instance
from tests.conformance.running import SUBSCRIPTION, Running, words


def test_a_registry(azure: Running, group: str) -> None:
    registries = azure.client(ContainerRegistryManagementClient).registries
    body = {"location": "northeurope", "sku": {"name": "Standard"}}
    made = registries.begin_create(group, "images12345", body).result()
    assert (made.login_server, made.sku.tier, made.provisioning_state) == (
        "images12345.azurecr.io",
        "Standard",
        "Succeeded",
    )
    assert [found.name for found in registries.list_by_resource_group(group)] == ["images12345"]
    registries.begin_delete(group, "images12345").result()
    assert list(registries.list()) == []
    with pytest.raises(HttpResponseError) as refused:
        registries.begin_create(group, "with-hyphen", body)
    assert words(refused).code == "InvalidParameter"


@pytest.mark.parametrize(
    ("kind", "version", "properties", "given"),
    [
        ("Microsoft.OperationalInsights/workspaces", "2023-09-01", {"retentionInDays": 30}, "customerId"),
        (
            "Microsoft.KeyVault/vaults",
            "2024-11-01",
            {"tenantId": instance.TENANT_ID, "sku": {"family": "A", "name": "standard"}},
            "vaultUri",
        ),
        ("Microsoft.Network/privateDnsZones", "2024-06-01", {}, "provisioningState"),
    ],
)
def test_types_that_are_only_recorded(  # noqa: PLR0917
    azure: Running, group: str, kind: str, version: str, properties: dict[str, Any], given: str
) -> None:
    token = azure.credential().get_token("https://management.azure.com/.default").token
    url = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind}/some-name"
    request: dict[str, Any] = {"params": {"api-version": version}, "headers": {"Authorization": f"Bearer {token}"}}
    body = {"location": "northeurope", "properties": properties}
    assert azure.http.put(url, json=body, **request).status_code == 201
    assert azure.http.get(url, **request).json()["properties"][given]
    assert azure.http.delete(url, **request).status_code in (200, 202)
