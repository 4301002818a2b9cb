"""What the SDK says reaches Azure in Azure's shape, and comes back in the SDK's."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.azure_native import translate
from local_azure.azure_native.table import Resource, Table
from local_azure.azure_native.values import UNKNOWN

SUBSCRIPTION = "5b5c0000-0000-4000-8000-000000000001"
IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/fleet/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks"
)

CLUSTER_INPUTS: dict[str, Any] = {
    "resourceGroupName": "fleet",
    "resourceName": "management",
    "location": "westeurope",
    "dnsPrefix": "mgmt",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
    "autoScalerProfile": {"scanInterval": "20s"},
    "agentPoolProfiles": [{"name": "system", "count": 1, "nodeLabels": {"a.b/c": "d"}}],
    "tags": {"owner": "fleet"},
    "azureApiVersion": "2025-09-01",
    "__createBeforeDelete": True,
}
CLUSTER_BODY: dict[str, Any] = {
    "location": "westeurope",
    "tags": {"owner": "fleet"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
    "properties": {
        "dnsPrefix": "mgmt",
        "autoScalerProfile": {"scan-interval": "20s"},
        "agentPoolProfiles": [{"name": "system", "count": 1, "nodeLabels": {"a.b/c": "d"}}],
    },
}


@pytest.fixture
def cluster(table: Table) -> Resource:
    return table.resources["azure-native:containerservice:ManagedCluster"]


def test_inputs_become_a_request_body(table: Table, cluster: Resource) -> None:
    assert translate.body(table, cluster, CLUSTER_INPUTS) == CLUSTER_BODY


def test_an_answer_becomes_outputs(table: Table, cluster: Resource) -> None:
    answer = {
        **CLUSTER_BODY,
        "id": "/subscriptions/…",
        "name": "management",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {"clientId": "c"}}},
        "properties": {
            **CLUSTER_BODY["properties"],
            "fqdn": "mgmt-1.hcp.westeurope.azmk8s.io",
            "oidcIssuerProfile": {"enabled": True, "issuerURL": "https://issuer"},
            "whatever is new": 1,
        },
    }
    outputs = translate.outputs(table, cluster, answer)
    assert outputs["fqdn"] == "mgmt-1.hcp.westeurope.azmk8s.io"
    assert outputs["oidcIssuerProfile"] == {"enabled": True, "issuerURL": "https://issuer"}
    assert outputs["autoScalerProfile"] == {"scanInterval": "20s"}
    assert outputs["identity"]["userAssignedIdentities"] == {IDENTITY: {"clientId": "c"}}
    assert outputs["azureApiVersion"] == "2025-09-01"
    assert "id" not in outputs


def test_outputs_without_what_azure_sets_are_inputs_again(table: Table, cluster: Resource) -> None:
    outputs = translate.outputs(
        table, cluster, {**CLUSTER_BODY, "properties": {**CLUSTER_BODY["properties"], "fqdn": "x"}}
    )
    inputs = translate.as_inputs(table, cluster, outputs)
    assert translate.body(table, cluster, inputs) == CLUSTER_BODY


def test_a_preview_knows_what_the_inputs_say_and_nothing_else(table: Table, cluster: Resource) -> None:
    expected = translate.preview(table, cluster, CLUSTER_INPUTS | {"dnsPrefix": UNKNOWN})
    assert expected["location"] == "westeurope"
    assert expected["agentPoolProfiles"][0]["count"] == 1
    assert expected["agentPoolProfiles"][0]["vmSize"] is UNKNOWN
    assert expected["fqdn"] is UNKNOWN
    assert expected["dnsPrefix"] is UNKNOWN
    assert expected["identity"]["userAssignedIdentities"] is UNKNOWN
    assert expected["name"] is UNKNOWN


def test_names_in_a_path_are_escaped_and_scopes_are_paths(table: Table) -> None:
    group = table.resources["azure-native:resources:ResourceGroup"]
    path = translate.request_path(group, SUBSCRIPTION, {"resourceGroupName": "a b/c"})
    assert path == f"/subscriptions/{SUBSCRIPTION}/resourcegroups/a%20b%2Fc"
    assignment = table.resources["azure-native:authorization:RoleAssignment"]
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/fleet"
    path = translate.request_path(assignment, SUBSCRIPTION, {"scope": scope, "roleAssignmentName": "n"})
    assert path == f"{scope}/providers/Microsoft.Authorization/roleAssignments/n"
    setting = table.resources["azure-native:monitor:DiagnosticSetting"]
    path = translate.request_path(setting, SUBSCRIPTION, {"resourceUri": scope, "name": "n"})
    assert path == f"{scope}/providers/Microsoft.Insights/diagnosticSettings/n"


def test_an_id_tells_the_inputs_of_its_path(table: Table) -> None:
    assignment = table.resources["azure-native:authorization:RoleAssignment"]
    inputs = translate.path_inputs(assignment, "/subscriptions/s/providers/microsoft.authorization/roleassignments/n")
    assert inputs == {"scope": "/subscriptions/s", "roleAssignmentName": "n"}
    setting = table.resources["azure-native:monitor:DiagnosticSetting"]
    inputs = translate.path_inputs(setting, "/subscriptions/s/a/b/providers/Microsoft.Insights/diagnosticSettings/n")
    assert inputs == {"resourceUri": "/subscriptions/s/a/b", "name": "n"}


def test_an_id_of_another_type_is_refused(table: Table, cluster: Resource) -> None:
    with pytest.raises(ValueError, match=r"is not the ID of a azure-native:containerservice:ManagedCluster"):
        translate.path_inputs(cluster, IDENTITY)


def test_a_role_definition_keeps_both_its_types_apart(table: Table) -> None:
    definition = table.resources["azure-native:authorization:RoleDefinition"]
    outputs = translate.outputs(
        table, definition, {"type": "Microsoft.Authorization/x", "properties": {"type": "CustomRole"}}
    )
    assert (outputs["type"], outputs["roleType"]) == ("Microsoft.Authorization/x", "CustomRole")


def test_an_agent_pool_shows_its_own_type(table: Table) -> None:
    pool = table.resources["azure-native:containerservice:AgentPool"]
    answer = {"type": "Microsoft.ContainerService/…", "properties": {"type": "VirtualMachineScaleSets"}}
    assert translate.outputs(table, pool, answer)["type"] == "VirtualMachineScaleSets"


def test_a_missing_argument_is_named(table: Table) -> None:
    function = table.functions["azure-native:network:getSubnet"]
    with pytest.raises(ValueError, match="missing required argument 'subnetName' of azure-native:network:getSubnet"):
        translate.request_path(function, SUBSCRIPTION, {"resourceGroupName": "fleet", "virtualNetworkName": "net"})
