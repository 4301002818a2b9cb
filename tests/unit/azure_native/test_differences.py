"""Which changes show up, and which of them replace."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.azure_native.differences import Change, Difference, differences, refreshed_inputs
from local_azure.azure_native.table import Resource, Table

OLD: dict[str, Any] = {
    "resourceName": "management",
    "location": "westeurope",
    "kubernetesVersion": "1.36.3",
    "agentPoolProfiles": [{"name": "system", "count": 1}],
    "networkProfile": {"podCidr": "10.1.0.0/16", "loadBalancerSku": "standard"},
}


@pytest.fixture
def cluster(table: Table) -> Resource:
    return table.resources["azure-native:containerservice:ManagedCluster"]


def changed(cluster: Resource, change: dict[str, Any], state: dict[str, Any] | None = None) -> list[Difference]:
    return differences(cluster, OLD, OLD | change, state or {})


def test_the_same_is_no_difference(cluster: Resource) -> None:
    assert changed(cluster, {}) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kubernetesVersion": "1.36.4"}, Difference("kubernetesVersion", Change.UPDATE, False)),
        ({"dnsPrefix": "x"}, Difference("dnsPrefix", Change.ADD, True)),
        ({"location": "northeurope"}, Difference("location", Change.UPDATE, True)),
        ({"resourceName": "other"}, Difference("resourceName", Change.UPDATE, True)),
        (
            {"agentPoolProfiles": [{"name": "system", "count": 3}]},
            Difference("agentPoolProfiles[0].count", Change.UPDATE, False),
        ),
        (
            {"networkProfile": OLD["networkProfile"] | {"podCidr": "10.2.0.0/16"}},
            Difference("networkProfile.podCidr", Change.UPDATE, True),
        ),
        (
            {"networkProfile": {"podCidr": "10.1.0.0/16"}},
            Difference("networkProfile.loadBalancerSku", Change.DELETE, False),
        ),
        ({"tags": {"a.b": "c"}}, Difference("tags", Change.ADD, False)),
    ],
)
def test_each_change_has_its_path_and_effect(cluster: Resource, change: dict[str, Any], expected: Difference) -> None:
    assert changed(cluster, change) == [expected]


def test_a_key_that_is_no_word_is_quoted_in_the_path(cluster: Resource) -> None:
    found = differences(cluster, {"tags": {"a.b": "c"}}, {"tags": {"a.b": "d"}}, {})
    assert [it.path for it in found] == ['tags["a.b"]']


def test_two_spellings_of_a_location_are_one_location(cluster: Resource) -> None:
    assert changed(cluster, {"location": "West Europe"}) == []


def test_writing_down_what_azure_chose_does_not_replace(cluster: Resource) -> None:
    found = changed(cluster, {"nodeResourceGroup": "MC_fleet"}, {"nodeResourceGroup": "MC_fleet"})
    assert found == [Difference("nodeResourceGroup", Change.ADD, False)]


def test_a_changed_size_of_an_agent_pool_replaces_it(table: Table) -> None:
    pool = table.resources["azure-native:containerservice:AgentPool"]
    found = differences(pool, {"vmSize": "Standard_D2s_v5"}, {"vmSize": "Standard_D4s_v5"}, {})
    assert found == [Difference("vmSize", Change.UPDATE, True)]


def test_a_federated_credential_changes_in_place(table: Table) -> None:
    credential = table.resources["azure-native:managedidentity:FederatedIdentityCredential"]
    found = differences(credential, {"issuer": "https://a"}, {"issuer": "https://b"}, {})
    assert found == [Difference("issuer", Change.UPDATE, False)]


def test_drift_becomes_part_of_the_inputs_and_defaults_do_not() -> None:
    inputs = {"kubernetesVersion": "1.36.3", "agentPoolProfiles": [{"name": "system", "count": 1}]}
    before = {**inputs, "dnsPrefix": "chosen", "agentPoolProfiles": [{"name": "system", "count": 1, "osType": "Linux"}]}
    now = {**before, "tags": {"by": "hand"}, "agentPoolProfiles": [{"name": "system", "count": 2, "osType": "Linux"}]}
    assert refreshed_inputs(inputs, before, now) == {
        "kubernetesVersion": "1.36.3",
        "agentPoolProfiles": [{"name": "system", "count": 2}],
        "tags": {"by": "hand"},
    }


def test_what_was_removed_in_azure_leaves_the_inputs() -> None:
    assert refreshed_inputs({"tags": {"a": "b"}}, {"tags": {"a": "b"}}, {}) == {}
