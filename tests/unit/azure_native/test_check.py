"""Wrong inputs are refused before anything is sent, in the real provider's words."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.azure_native.check import failures
from local_azure.azure_native.table import Table
from local_azure.azure_native.values import UNKNOWN

CLUSTER: dict[str, Any] = {
    "resourceGroupName": "fleet",
    "resourceName": "management",
    "location": "westeurope",
    "agentPoolProfiles": [{"name": "system", "count": 1, "mode": "System"}],
}


def check(table: Table, type_name: str, inputs: dict[str, Any]) -> list[str]:
    return failures(table, table.resources[f"azure-native:{type_name}"], inputs)


def test_good_inputs_pass(table: Table) -> None:
    assert check(table, "containerservice:ManagedCluster", CLUSTER) == []


def test_what_is_not_known_yet_passes(table: Table) -> None:
    assert check(table, "containerservice:ManagedCluster", CLUSTER | {"location": UNKNOWN, "dnsPrefix": UNKNOWN}) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"dnsPrefx": "x"}, "unknown property 'dnsPrefx'"),
        ({"networkProfile": {"podCidrr": "x"}}, "unknown property 'networkProfile.podCidrr'"),
        ({"kubernetesVersion": 1.36}, "'kubernetesVersion' should be of type 'string' but got a number"),
        ({"agentPoolProfiles": {"name": "system"}}, "'agentPoolProfiles' should be of type 'array' but got an object"),
        ({"agentPoolProfiles": [{"count": 1}]}, "missing required property 'agentPoolProfiles[0].name'"),
        (
            {"agentPoolProfiles": [{"name": "system", "osDiskSizeGB": 4096}]},
            "'agentPoolProfiles[0].osDiskSizeGB' is too high (4096.000000 > 2048.000000)",
        ),
        (
            {"agentPoolProfiles": [{"name": "System!"}]},
            "'agentPoolProfiles[0].name' does not match expression '^[a-z][a-z0-9]{0,11}$'",
        ),
        ({"resourceName": "a" * 64}, "'resourceName' is too long (64): at most 63 characters allowed"),
    ],
)
def test_each_mistake_is_named(table: Table, change: dict[str, Any], complaint: str) -> None:
    assert complaint in check(table, "containerservice:ManagedCluster", CLUSTER | change)


def test_a_missing_location_says_how_to_set_one(table: Table) -> None:
    complaints = check(table, "resources:ResourceGroup", {"resourceGroupName": "fleet"})
    assert complaints == [
        "missing required property 'location'. Either set it explicitly or configure it with"
        " 'pulumi config set azure-native:location <value>'."
    ]


def test_a_missing_parent_is_a_missing_property(table: Table) -> None:
    complaints = check(table, "network:Subnet", {"resourceGroupName": "fleet", "subnetName": "nodes"})
    assert complaints == ["missing required property 'virtualNetworkName'"]


def test_a_value_outside_an_enum_is_left_to_azure(table: Table) -> None:
    pools = [{"name": "system", "mode": "Sytsem"}]
    assert check(table, "containerservice:ManagedCluster", CLUSTER | {"agentPoolProfiles": pools}) == []
