"""The Azure side of the program: what is created, that it stays the same, that it goes away."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from infra import naming
from infra.address_plan import dns_service_ip
from infra.network_settings import NetworkSettings
from tests.program import baseline
from tests.program.conftest import Repository, config
from tests.program.project import STACK, Project
from tests.provider.azure import SUBSCRIPTION, Azure

ONLY_AZURE = """
import pulumi
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
settings = Settings.load()
management = ManagementCluster("management", settings.azure, settings.aks, settings.network)
pulumi.export("issuer", management.aks.issuer_url)
pulumi.export("kubeconfig", management.aks.kubeconfig)
pulumi.export("egress_address", management.egress_address)
"""
NETWORK_API = "2024-05-01"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{naming.resource_group(STACK)}"
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{naming.aks(STACK)}"
SUBJECTS = {
    "capz": ["capz-system:capz-manager", "capz-system:azureserviceoperator-default"],
    "aso": ["capz-system:azureserviceoperator-default", "capz-system:capz-manager"],
    "flux": ["clusters:flux"],
    "flux-source": ["flux-system:flux-source", "clusters:flux-source"],
    "flux-decryption": ["flux-system:flux-decryption"],
}


@pytest.fixture
def plane(project: Project, repository: Repository) -> Project:
    """A project whose program is the Azure side alone."""
    project.write(config(repository), program=ONLY_AZURE)
    return project


def test_the_life_of_a_management_cluster(plane: Project, repository: Repository, azure: Azure) -> None:
    began = time.time()
    plane.succeed("preview")
    assert azure.calls(began, method="PUT") == []

    plane.succeed("up", "--yes", "--skip-preview")
    assert list(baseline.broken(azure.calls(began, method="PUT"))) == []
    _check_cluster(azure)
    _check_federation(azure, plane.outputs()["issuer"])
    _check_network(azure, plane.outputs()["egress_address"])
    _check_access(azure)
    assert "client-key-data" not in plane.state()

    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")

    plane.write(config(repository, controllersPoolCount="4"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert {pool["name"]: pool["count"] for pool in _properties(azure)["agentPoolProfiles"]} == {
        "controllers": 4,
        "system": 3,
    }
    plane.write(config(repository, controllersPoolCount="3-6"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    controllers = _properties(azure)["agentPoolProfiles"][0]
    assert [controllers[key] for key in ("enableAutoScaling", "minCount", "maxCount", "count")] == [True, 3, 6, 4]

    plane.succeed("destroy", "--yes", "--skip-preview")
    assert azure.find(GROUP) is None


def test_a_protected_cluster_is_not_destroyed(plane: Project, repository: Repository, azure: Azure) -> None:
    plane.write(config(repository, protect="true"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert "protect" in plane.fail("destroy", "--yes", "--skip-preview")
    assert azure.find(AKS, "2025-09-01") is not None
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    plane.succeed("destroy", "--yes", "--skip-preview")


def _properties(azure: Azure) -> dict[str, Any]:
    found = azure.find(AKS, "2025-09-01")
    assert found
    properties: dict[str, Any] = found["properties"]
    return properties


def _check_cluster(azure: Azure) -> None:
    properties = _properties(azure)
    ranges = NetworkSettings()
    assert properties["oidcIssuerProfile"]["enabled"]
    assert properties["securityProfile"]["workloadIdentity"]["enabled"]
    assert properties["nodeResourceGroup"] == naming.node_resource_group(STACK)
    network = properties["networkProfile"]
    assert (network["networkPluginMode"], network["networkDataplane"]) == ("overlay", "cilium")
    assert network["dnsServiceIP"] == dns_service_ip(ranges.service_cidr)
    assert network["outboundType"] == "userAssignedNATGateway"
    assert properties["apiServerAccessProfile"] == {
        "enableVnetIntegration": True,
        "enablePrivateCluster": False,
        "subnetId": _subnet_id("api-server"),
    }
    pools = {pool["name"]: pool for pool in properties["agentPoolProfiles"]}
    assert (pools["system"]["mode"], pools["controllers"]["mode"]) == ("System", "User")
    assert pools["system"]["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]

    assert {tuple(pool["availabilityZones"]) for pool in pools.values()} == {("1", "2", "3")}
    assert (pools["system"]["minCount"], pools["system"]["maxCount"]) == (3, 5)
    channels = properties["autoUpgradeProfile"]
    assert (channels["upgradeChannel"], channels["nodeOSUpgradeChannel"]) == ("patch", "NodeImage")
    for name in ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"):
        window = azure.find(f"{AKS}/maintenanceConfigurations/{name}", "2025-09-01")
        assert window
        assert window["properties"]["maintenanceWindow"]["schedule"]["weekly"]["dayOfWeek"] == "Sunday"


def _subnet_id(purpose: str) -> str:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{naming.virtual_network(STACK)}"
    return f"{network}/subnets/{naming.subnet(STACK, purpose)}"


def _check_network(azure: Azure, egress_address: str) -> None:
    """Nodes leave by one known address; the API server has a subnet of its own."""
    ranges = NetworkSettings()
    for purpose, cidr in (
        ("nodes", ranges.nodes_subnet_cidr),
        ("api-server", ranges.api_server_subnet_cidr),
        ("endpoints", ranges.endpoints_subnet_cidr),
    ):
        subnet = azure.find(_subnet_id(purpose), NETWORK_API)
        assert subnet
        assert subnet["properties"]["addressPrefix"] == str(cidr)
    gateway = azure.find(f"{GROUP}/providers/Microsoft.Network/natGateways/{naming.nat_gateway(STACK)}", NETWORK_API)
    assert gateway
    (address,) = gateway["properties"]["publicIpAddresses"]
    found = azure.find(address["id"], NETWORK_API)
    assert found
    assert found["zones"] == ["1", "2", "3"]
    assert found["properties"]["ipAddress"] == egress_address


def _check_access(azure: Azure) -> None:
    """Entra is the only way in, and only who created the cluster is an administrator of it."""
    properties = _properties(azure)
    assert properties["disableLocalAccounts"]
    assert properties["aadProfile"]["enableAzureRBAC"]


def test_the_api_server_answers_to_the_ranges_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    settings = config(repository) | {"slipway:authorizedIpRanges": ["203.0.113.0/24"]}
    plane.write(settings, program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert _properties(azure)["apiServerAccessProfile"]["authorizedIPRanges"] == ["203.0.113.0/24"]
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
    properties = _properties(azure)
    assert properties["networkProfile"]["outboundType"] == "userDefinedRouting"
    assert properties["apiServerAccessProfile"]["enablePrivateCluster"]
    assert properties["apiServerAccessProfile"]["subnetId"] == own["apiServerSubnetId"]
    assert {pool["vnetSubnetID"] for pool in properties["agentPoolProfiles"]} == {own["nodesSubnetId"]}
    assert properties["addonProfiles"]["azurepolicy"]["enabled"]
    assert properties["securityProfile"]["defender"]["securityMonitoring"]["enabled"]
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


def _check_federation(azure: Azure, issuer: str) -> None:
    for purpose, accounts in SUBJECTS.items():
        identity = (
            f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{naming.identity(STACK, purpose)}"
        )
        for account in accounts:
            name = naming.federated_credential(*account.split(":"))
            credential = azure.find(f"{identity}/federatedIdentityCredentials/{name}", "2023-01-31")
            assert credential, json.dumps(account)
            assert credential["properties"]["subject"] == f"system:serviceaccount:{account}"
            assert credential["properties"]["issuer"] == issuer
