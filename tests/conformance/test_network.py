"""Virtual networks, subnets, and what hangs on them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.conformance.running import SUBSCRIPTION, Running, words

VNET = {"location": "northeurope", "address_space": {"address_prefixes": ["10.0.0.0/16"]}}


@pytest.fixture
def vnet(network: Any, group: str) -> Any:
    return network.virtual_networks.begin_create_or_update(group, "v", VNET).result()


def test_a_network_shows_its_subnets(network: Any, group: str, vnet: Any) -> None:
    subnet = network.subnets.begin_create_or_update(group, "v", "nodes", {"address_prefix": "10.0.1.0/24"}).result()
    assert subnet.provisioning_state == "Succeeded"
    assert [found.id for found in network.virtual_networks.get(group, "v").subnets] == [subnet.id]
    assert [found.name for found in network.subnets.list(group, "v")] == ["nodes"]
    assert vnet.id in [found.id for found in network.virtual_networks.list_all()]


def test_writing_a_network_without_subnets_keeps_them_and_with_others_removes_them(
    network: Any, group: str, vnet: Any
) -> None:
    network.subnets.begin_create_or_update(group, "v", "nodes", {"address_prefix": "10.0.1.0/24"}).result()
    kept = network.virtual_networks.begin_create_or_update(group, "v", {**VNET, "tags": {"a": "1"}}).result()
    assert [found.name for found in kept.subnets] == ["nodes"]
    others = [{"name": "other", "address_prefix": "10.0.2.0/24"}]
    changed = network.virtual_networks.begin_create_or_update(group, "v", {**VNET, "subnets": others}).result()
    assert [found.name for found in changed.subnets] == ["other"]


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.1.0/99", "InvalidCIDRNotation"),
    ],
)
def test_a_subnet_must_fit(network: Any, group: str, vnet: Any, prefix: str, code: str) -> None:
    network.subnets.begin_create_or_update(group, "v", "nodes", {"address_prefix": "10.0.1.0/24"}).result()
    with pytest.raises(HttpResponseError) as refused:
        network.subnets.begin_create_or_update(group, "v", "other", {"address_prefix": prefix})
    assert (refused.value.status_code, words(refused).code) == (400, code)


def test_a_subnet_needs_its_network(network: Any, group: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        network.subnets.begin_create_or_update(group, "none", "nodes", {"address_prefix": "10.0.1.0/24"})
    assert words(refused).code == "ParentResourceNotFound"


def test_references_must_exist_and_what_is_used_stays(network: Any, group: str, vnet: Any) -> None:
    gateways = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/natGateways"
    subnet = {"address_prefix": "10.0.1.0/24", "nat_gateway": {"id": f"{gateways}/n"}}
    with pytest.raises(HttpResponseError) as refused:
        network.subnets.begin_create_or_update(group, "v", "nodes", subnet)
    assert words(refused).code == "InvalidResourceReference"
    gateway = {"location": "northeurope", "sku": {"name": "Standard"}}
    network.nat_gateways.begin_create_or_update(group, "n", gateway).result()
    network.subnets.begin_create_or_update(group, "v", "nodes", subnet).result()
    with pytest.raises(HttpResponseError) as refused:
        network.nat_gateways.begin_delete(group, "n")
    assert words(refused).code == "InUseNatGatewayCannotBeDeleted"
    network.subnets.begin_delete(group, "v", "nodes").result()
    network.nat_gateways.begin_delete(group, "n").result()


def test_a_network_changes_one_step_at_a_time(network: Any, group: str, vnet: Any, no_faults: Running) -> None:
    no_faults.set(durations={"Microsoft.Network/virtualNetworks/subnets": {"create": 1}})
    first = network.subnets.begin_create_or_update(group, "v", "a", {"address_prefix": "10.0.1.0/24"})
    with pytest.raises(HttpResponseError) as refused:
        network.subnets.begin_create_or_update(group, "v", "b", {"address_prefix": "10.0.2.0/24"})
    assert (refused.value.status_code, words(refused).code) == (429, "AnotherOperationInProgress")
    assert first.result().provisioning_state == "Succeeded"


def test_deleting_what_is_not_there_succeeds(network: Any, group: str) -> None:
    network.virtual_networks.begin_delete(group, "none").result()


def test_if_match_guards_a_write(azure: Running, network: Any, group: str, vnet: Any) -> None:
    token = azure.credential().get_token("https://management.azure.com/.default").token
    body = {"location": "northeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/15"]}}}

    def put(**conditions: str) -> int:
        headers = {"Authorization": f"Bearer {token}", **conditions}
        return azure.http.put(vnet.id, params={"api-version": "2024-05-01"}, headers=headers, json=body).status_code

    assert put(**{"If-None-Match": "*"}) == 412
    assert put(**{"If-Match": '"stale"'}) == 412
    assert put(**{"If-Match": network.virtual_networks.get(group, "v").etag}) == 200


def test_many_networks_at_once(network: Any, group: str) -> None:
    def create(number: int) -> str:
        return str(
            network.virtual_networks.begin_create_or_update(group, f"v{number}", VNET).result().provisioning_state
        )

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(create, range(32))) == {"Succeeded"}
    assert len(list(network.virtual_networks.list(group))) == 32
