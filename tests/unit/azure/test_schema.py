"""Request bodies against Microsoft's models."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure import instance
from local_azure.azure import schema_table
from local_azure.azure.errors import ArmError
from local_azure.azure.schema import Schema

CLUSTERS = "Microsoft.ContainerService/managedClusters"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema(schema_table.ensure(instance.CACHE / "schema"))


def cluster(**properties: Any) -> dict[str, Any]:
    return {"location": "northeurope", "properties": properties}


@pytest.mark.parametrize(
    ("body", "target", "said"),
    [
        (cluster(surprise=1), "properties.surprise", "Could not find member 'surprise'"),
        (cluster(dnsPrefix=1), "properties.dnsPrefix", "Error converting value 1 to type 'str'"),
        (cluster(enableRBAC="yes"), "properties.enableRBAC", "type 'bool'"),
        (cluster(agentPoolProfiles={}), "properties.agentPoolProfiles", "type 'array'"),
        (cluster(agentPoolProfiles=[{"count": 1}]), "properties.agentPoolProfiles[0].name", "missing (null)"),
        (
            cluster(agentPoolProfiles=[{"name": "a", "osType": "BeOS"}]),
            "properties.agentPoolProfiles[0].osType",
            "Supported values are Linux, Windows",
        ),
        (
            cluster(agentPoolProfiles=[{"name": "a", "osDiskSizeGB": 9999}]),
            "properties.agentPoolProfiles[0].osDiskSizeGB",
            "from 0 to 2048",
        ),
        (cluster(networkProfile={"podCidr": "nonsense"}), "properties.networkProfile.podCidr", "must match"),
        ({"properties": {}}, "location", "missing (null)"),
        ([], None, "JSON object"),
    ],
)
def test_what_a_model_does_not_allow_is_refused(schema: Schema, body: Any, target: str | None, said: str) -> None:
    with pytest.raises(ArmError) as refused:
        schema.check(CLUSTERS, body)
    assert (refused.value.status, refused.value.target) == (400, target)
    assert said in refused.value.message


def test_what_a_get_shows_can_be_sent_back(schema: Schema) -> None:
    shown = {
        "id": "/x",
        "name": "x",
        "type": CLUSTERS,
        "eTag": "e",
        "systemData": {},
        **cluster(provisioningState="Succeeded", fqdn="f", dnsPrefix="d", windowsProfile=None),
    }
    assert schema.check(CLUSTERS, shown) == {"location": "northeurope", "properties": {"dnsPrefix": "d"}}


def test_case_of_members_and_enumerations_does_not_matter(schema: Schema) -> None:
    taken = schema.check(CLUSTERS, {"Location": "x", "properties": {"networkProfile": {"networkplugin": "AZURE"}}})
    assert taken == {"location": "x", "properties": {"networkProfile": {"networkPlugin": "azure"}}}


def test_types_without_a_model_are_taken_as_they_are(schema: Schema) -> None:
    assert schema.check("Microsoft.OperationalInsights/workspaces", {"anything": 1}) == {"anything": 1}
