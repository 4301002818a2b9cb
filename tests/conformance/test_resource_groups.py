"""Resource groups, and what ARM does for every type: versions, regions, conditions, deletes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.conformance.running import SUBSCRIPTION, Running, words


def test_a_group_is_created_shown_listed_tagged_and_deleted(resources: Any) -> None:
    groups = resources.resource_groups
    created = groups.create_or_update("rg-life", {"location": "North Europe", "tags": {"a": "1"}})
    assert (created.location, created.type) == ("northeurope", "Microsoft.Resources/resourceGroups")
    assert groups.get("RG-LIFE").id == created.id
    assert "rg-life" in [found.name for found in groups.list()]
    assert groups.update("rg-life", {"tags": {"b": "2"}}).tags == {"b": "2"}
    assert groups.check_existence("rg-life")
    groups.begin_delete("rg-life").result()
    assert not groups.check_existence("rg-life")


def test_deleting_a_group_deletes_what_is_in_it(resources: Any, network: Any, group: str) -> None:
    network.virtual_networks.begin_create_or_update(group, "v", vnet()).result()
    assert [found.name for found in resources.resources.list_by_resource_group(group)] == ["v"]
    resources.resource_groups.begin_delete(group).result()
    resources.resource_groups.create_or_update(group, {"location": "northeurope"})
    with pytest.raises(ResourceNotFoundError):
        network.virtual_networks.get(group, "v")


@pytest.mark.parametrize(
    ("location", "code"), [("nowhere", "LocationNotAvailableForResourceGroup"), ("", "LocationRequired")]
)
def test_a_group_needs_a_region_that_exists(resources: Any, location: str, code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        resources.resource_groups.create_or_update("rg-nowhere", {"location": location})
    assert (refused.value.status_code, words(refused).code) == (400, code)


def test_a_group_cannot_move(resources: Any, group: str) -> None:
    with pytest.raises(ResourceExistsError) as refused:
        resources.resource_groups.create_or_update(group, {"location": "westeurope"})
    assert words(refused).code == "InvalidResourceGroupLocation"


def test_a_missing_group_is_said_to_be_missing(resources: Any, network: Any) -> None:
    asked: list[Callable[[], object]] = [
        lambda: resources.resource_groups.get("rg-none"),
        lambda: network.virtual_networks.begin_create_or_update("rg-none", "v", vnet()),
        lambda: resources.resource_groups.begin_delete("rg-none"),
    ]
    for ask in asked:
        with pytest.raises(ResourceNotFoundError) as refused:
            ask()
        assert words(refused).code == "ResourceGroupNotFound"


@pytest.mark.parametrize(
    ("path", "version", "status", "code"),
    [
        (f"{SUBSCRIPTION}/resourceGroups/x", "", 400, "MissingApiVersionParameter"),
        (f"{SUBSCRIPTION}/resourceGroups/x", "1999-01-01", 400, "NoRegisteredProviderFound"),
        (
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups",
            "2021-04-01",
            404,
            "SubscriptionNotFound",
        ),
        (f"{SUBSCRIPTION}/providers/Microsoft.Nothing/things", "2021-04-01", 404, "InvalidResourceNamespace"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Network/things", "2024-05-01", 404, "InvalidResourceType"),
    ],
)
def test_requests_azure_cannot_place(azure: Running, path: str, version: str, status: int, code: str) -> None:
    token = azure.credential().get_token("https://management.azure.com/.default").token
    query = {"api-version": version} if version else {}
    answer = azure.http.get(path, params=query, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_providers_and_regions_are_listed(resources: Any) -> None:
    found = resources.providers.get("Microsoft.ContainerService")
    assert found.registration_state == "Registered"
    clusters = next(kind for kind in found.resource_types if kind.resource_type == "managedClusters")
    assert "2025-09-01" in clusters.api_versions and "North Europe" in clusters.locations


def vnet(*prefixes: str) -> dict[str, Any]:
    return {
        "location": "northeurope",
        "properties": {"addressSpace": {"addressPrefixes": list(prefixes or ["10.0.0.0/16"])}},
    }
