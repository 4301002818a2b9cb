"""The Azure side of the program: what is created, that it stays the same, that it goes away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra import naming
from infra.access import Role
from infra.address_plan import dns_service_ip
from infra.control_plane_logs import CATEGORIES
from infra.network_settings import NetworkSettings
from local_azure.azure_native.answers import AzureError
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
AKS_API = "2025-09-01"
EGRESS = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/{naming.public_address(STACK, 'egress')}"
LOCKS = [f"{each}/providers/Microsoft.Authorization/locks/{naming.lock(STACK)}" for each in (AKS, EGRESS)]
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


@pytest.fixture
def hub(azure: Azure) -> Iterator[str]:
    """A resource group of somebody else's, by its id, for what a stack names but does not make."""
    azure.arm.put(HUB, "2022-09-01", {"location": "westeurope"})
    yield HUB
    azure.arm.delete(HUB, "2022-09-01")


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


def test_a_protected_cluster_is_deleted_neither_by_pulumi_nor_in_azure(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    plane.write(config(repository, protect="true"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    for locked, version in ((GROUP, "2024-03-01"), (AKS, AKS_API), (EGRESS, NETWORK_API)):
        with pytest.raises(AzureError, match="ScopeLocked"):
            azure.arm.delete(locked, version)
    for lock in LOCKS:
        found = azure.find(lock, "2020-05-01")
        assert found
        assert found["properties"]["level"] == "CanNotDelete"
        assert "slipway:protect" in found["properties"]["notes"]
    # Without its preview it would delete first what is around the cluster, the locks too.
    assert "protect" in plane.fail("destroy", "--yes")
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")

    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert [azure.find(lock, "2020-05-01") for lock in LOCKS] == [None, None]
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


def test_what_the_control_plane_logs_goes_to_the_workspace_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    workspace = f"{hub}/providers/Microsoft.OperationalInsights/workspaces/logs"
    azure.arm.put(workspace, "2023-09-01", {"location": "westeurope", "properties": {}})
    plane.write(config(repository, logWorkspaceId=workspace), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    found = azure.find(f"{AKS}/providers/Microsoft.Insights/diagnosticSettings/diag-{STACK}", "2021-05-01-preview")
    assert found
    sent = found["properties"]
    assert (sent["workspaceId"], sent["logAnalyticsDestinationType"]) == (workspace, "Dedicated")
    assert [each["category"] for each in sent["logs"] if each["enabled"]] == list(CATEGORIES)
    assert [each["category"] for each in sent["metrics"] if each["enabled"]] == ["AllMetrics"]
    # Azure shows the other categories, too; that is no drift.
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert azure.find(found["id"], "2021-05-01-preview") is None
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_the_nodes_may_pull_from_the_registry_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    registry = f"{hub}/providers/Microsoft.ContainerRegistry/registries/images12345"
    azure.arm.put(registry, "2023-07-01", {"location": "westeurope", "sku": {"name": "Premium"}})
    plane.write(config(repository, registryId=registry), program=ONLY_AZURE)
    plane.succeed("preview")
    plane.succeed("up", "--yes", "--skip-preview")
    first = _properties(azure)["identityProfile"]["kubeletidentity"]["objectId"]
    assert _who_may_pull(azure, registry) == [first]
    plane.succeed("preview", "--expect-no-changes")

    azure.arm.delete(AKS, AKS_API)
    plane.succeed("up", "--refresh", "--yes", "--skip-preview")
    assert _who_may_pull(azure, registry) == [_properties(azure)["identityProfile"]["kubeletidentity"]["objectId"]]
    assert _who_may_pull(azure, registry) != [first]
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert _who_may_pull(azure, registry) == []
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_metrics_go_to_the_workspace_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    workspace = f"{hub}/providers/Microsoft.Monitor/accounts/metrics"
    azure.arm.put(workspace, "2023-04-03", {"location": "westeurope"})
    plane.write(config(repository, metricsWorkspaceId=workspace), program=ONLY_AZURE)
    plane.succeed("preview")
    plane.succeed("up", "--yes", "--skip-preview")
    assert _properties(azure)["azureMonitorProfile"]["metrics"]["enabled"]
    insights, name = "providers/Microsoft.Insights", naming.data_collection_rule(STACK)
    association = azure.find(f"{AKS}/{insights}/dataCollectionRuleAssociations/{name}", "2022-06-01")
    assert association
    rule = azure.find(association["properties"]["dataCollectionRuleId"], "2022-06-01")
    assert rule
    assert rule["properties"]["destinations"]["monitoringAccounts"][0]["accountResourceId"] == workspace
    assert azure.find(rule["properties"]["dataCollectionEndpointId"], "2022-06-01")
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert [azure.find(each["id"], "2022-06-01") for each in (association, rule)] == [None, None]
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_disks_are_encrypted_with_the_key_that_a_stack_names_and_on_the_host(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    key = f"{hub}/providers/Microsoft.Compute/diskEncryptionSets/des-fleet"
    azure.arm.put(key, "2024-03-02", {"location": "westeurope", "identity": {"type": "SystemAssigned"}})
    own = {"diskEncryptionSetId": key, "encryptionAtHost": "true"}
    plane.write(config(repository, **own), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    properties = _properties(azure)
    assert properties["diskEncryptionSetID"] == key
    assert [pool["enableEncryptionAtHost"] for pool in properties["agentPoolProfiles"]] == [True, True]
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository, diskEncryptionSetId=key), program=ONLY_AZURE)
    plane.succeed("destroy", "--yes", "--skip-preview")


def _who_may_pull(azure: Azure, registry: str) -> list[str]:
    """The principals with AcrPull on a registry."""
    listed = azure.arm.get(f"{registry}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")["value"]
    found = [each["properties"] for each in listed if each["properties"]["scope"] == registry]
    return [each["principalId"] for each in found if each["roleDefinitionId"].endswith(Role.ACR_PULL.value)]


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
