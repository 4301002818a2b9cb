"""Who reaches the API server, and networks of somebody else's."""

from __future__ import annotations

from typing import Any

from tests.program.conftest import Repository, config
from tests.program.plane import HUB, NETWORK_API, ONLY_AZURE, properties
from tests.program.project import Project
from tests.provider.azure import Azure


def test_the_api_server_answers_to_the_ranges_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    settings = config(repository) | {"slipway:authorizedIpRanges": ["203.0.113.0/24"]}
    plane.write(settings, program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert properties(azure)["apiServerAccessProfile"]["authorizedIPRanges"] == ["203.0.113.0/24"]
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_a_private_cluster_goes_into_somebody_elses_subnets(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    network = _somebody_elses_network(azure)
    own = {
        "nodesSubnetId": f"{network}/subnets/nodes",
        "apiServerSubnetId": f"{network}/subnets/api-server",
        "egress": "userDefinedRouting",
        "privateApiServer": "true",
        "azurePolicy": "true",
        "defenderWorkspaceId": f"{HUB}/providers/Microsoft.OperationalInsights/workspaces/security",
    }
    plane.write(config(repository, **own), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    cluster = properties(azure)
    assert cluster["networkProfile"]["outboundType"] == "userDefinedRouting"
    assert cluster["apiServerAccessProfile"]["enablePrivateCluster"]
    assert cluster["apiServerAccessProfile"]["subnetId"] == own["apiServerSubnetId"]
    assert {pool["vnetSubnetID"] for pool in cluster["agentPoolProfiles"]} == {own["nodesSubnetId"]}
    assert cluster["addonProfiles"]["azurepolicy"]["enabled"]
    assert cluster["securityProfile"]["defender"]["securityMonitoring"]["enabled"]
    assert "azure-native:network:" not in plane.state()
    assert plane.outputs()["egress_address"] == ""
    plane.succeed("preview", "--expect-no-changes")
    plane.succeed("destroy", "--yes", "--skip-preview")
    assert azure.find(network, NETWORK_API)
    azure.arm.delete(HUB, "2022-09-01")


def _somebody_elses_network(azure: Azure) -> str:
    """A network with a route table, as another team's landing zone has it; returns its id."""
    within = f"{HUB}/providers/Microsoft.Network"
    place: dict[str, Any] = {"location": "westeurope"}
    delegation = {"name": "aks", "properties": {"serviceName": "Microsoft.ContainerService/managedClusters"}}
    table, network = f"{within}/routeTables/to-the-firewall", f"{within}/virtualNetworks/spoke"
    nodes = {"addressPrefix": "10.9.0.0/24", "routeTable": {"id": table}}
    api_server = {"addressPrefix": "10.9.1.0/28", "delegations": [delegation]}
    subnets = [{"name": "nodes", "properties": nodes}, {"name": "api-server", "properties": api_server}]
    space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": subnets}
    azure.arm.put(HUB, "2022-09-01", place)
    azure.arm.put(table, NETWORK_API, place)
    azure.arm.put(network, NETWORK_API, {**place, "properties": space})
    return network
