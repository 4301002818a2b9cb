"""A production stack with every option: how many resources it is, what is on them, what its preview says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra import naming
from tests.program import baseline
from tests.program.conftest import Repository, config
from tests.program.plane import READER
from tests.program.project import CHECKOUT, STACK, Project
from tests.provider.azure import SUBSCRIPTION, Azure

AZURE_SIDE = """
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
settings = Settings.load()
ManagementCluster("management", settings.azure, settings.aks, settings.network)
"""
GROUP = f"{SUBSCRIPTION}/resourceGroups/{naming.resource_group(STACK)}"
NODES = f"{SUBSCRIPTION}/resourceGroups/{naming.node_resource_group(STACK)}"
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{naming.aks(STACK)}"
ZONE = f"{HUB}/providers/Microsoft.Network/privateDnsZones/private.westeurope.azmk8s.io"
TAGS = {"costCenter": "42", "owner": "platform"}
ALL_TAGS = {**TAGS, "managed-by": "slipway", "stack": STACK}
WITHOUT_TAGS = (
    "/subnets/",
    "/roleAssignments/",
    "/roleDefinitions/",
    "/locks/",
    "/maintenanceConfigurations/",
    "/federatedIdentityCredentials/",
    "/dataCollectionRuleAssociations/",
    "/diagnosticSettings/",
)
"""Azure gives these none."""


def _production(repository: Repository, **more: Any) -> dict[str, Any]:
    own = {"slipway:protect": "true", "slipway:tags": TAGS, "slipway:tier": "Premium"}
    return config(repository) | own | {f"slipway:{key}": value for key, value in more.items()}


def _every_option(repository: Repository) -> dict[str, Any]:
    """All that makes resources; none of it is there, which a preview does not ask."""
    providers = f"{HUB}/providers"
    return _production(
        repository,
        authorizedIpRanges=["203.0.113.0/24"],
        logWorkspaceId=f"{providers}/Microsoft.OperationalInsights/workspaces/logs",
        metricsWorkspaceId=f"{providers}/Microsoft.Monitor/accounts/metrics",
        registryId=f"{providers}/Microsoft.ContainerRegistry/registries/images12345",
        diskEncryptionSetId=f"{providers}/Microsoft.Compute/diskEncryptionSets/des-fleet",
        decryptionKeyId=f"{providers}/Microsoft.KeyVault/vaults/fleet/keys/sops",
        fleetSubscriptions=["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"],
        teamResources=["UserAssignedIdentity", "RoleAssignment", "Vault"],
    )


@pytest.fixture
def hub(azure: Azure) -> Iterator[str]:
    """Somebody else's network, with a zone for private API servers; returns the network's id."""
    within, place = f"{HUB}/providers/Microsoft.Network", {"location": "westeurope"}
    delegation = {"name": "aks", "properties": {"serviceName": "Microsoft.ContainerService/managedClusters"}}
    table = f"{within}/routeTables/to-the-firewall"
    subnets = [
        {"name": "nodes", "properties": {"addressPrefix": "10.9.0.0/24", "routeTable": {"id": table}}},
        {"name": "api-server", "properties": {"addressPrefix": "10.9.1.0/28", "delegations": [delegation]}},
    ]
    space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": subnets}
    azure.arm.put(HUB, "2022-09-01", place)
    azure.arm.put(table, "2024-05-01", place)
    azure.arm.put(f"{within}/virtualNetworks/spoke", "2024-05-01", {**place, "properties": space})
    azure.arm.put(ZONE, "2024-06-01", {"location": "global"})
    yield f"{within}/virtualNetworks/spoke"
    azure.arm.delete(HUB, "2022-09-01")


def test_no_policy_has_anything_against_every_option_at_once(project: Project, repository: Repository) -> None:
    project.write(_every_option(repository))
    reader = Project(project.folder, {**project.env, **READER})
    text = reader.succeed("preview", "--policy-pack", str(CHECKOUT / "policies" / "program"))
    assert "mandatory" not in text
    assert "The whole internet" not in text


def test_an_api_server_that_everybody_reaches_is_said_in_every_preview_of_production(
    project: Project, repository: Repository
) -> None:
    project.write(_production(repository), program=AZURE_SIDE)
    text = project.succeed("preview")
    assert "warning: The whole internet reaches the API server of this management cluster" in text
    assert "slipway:authorizedIpRanges" in text
    project.write(config(repository), program=AZURE_SIDE)
    assert "The whole internet" not in project.succeed("preview")


def test_what_a_stack_tags_is_on_everything_and_the_network_keeps_the_baseline(
    project: Project, repository: Repository, azure: Azure
) -> None:
    stack = _production(repository, authorizedIpRanges=["203.0.113.0/24"]) | {"slipway:protect": "false"}
    project.write(stack, program=AZURE_SIDE)
    began = time.time()
    project.succeed("up", "--yes", "--skip-preview")
    written = azure.calls(began, method="PUT")
    tagged = [call for call in written if not any(kind in call["path"] for kind in WITHOUT_TAGS)]
    assert {call["path"]: call["body"].get("tags") for call in tagged} == {call["path"]: ALL_TAGS for call in tagged}
    assert [pool["tags"] for pool in _cluster(azure)["properties"]["agentPoolProfiles"]] == [ALL_TAGS, ALL_TAGS]
    nodes = azure.find(NODES)
    assert nodes
    assert nodes["tags"] == ALL_TAGS
    assert _cluster(azure)["properties"]["supportPlan"] == "AKSLongTermSupport"
    assert [said for said in baseline.broken(written) if "UptimeSLA" not in said] == []
    _check_security_groups(azure)
    project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    project.succeed("preview", "--expect-no-changes")

    project.write(config(repository, tier="Standard", privateApiServer="true"), program=AZURE_SIDE)
    project.succeed("up", "--yes", "--skip-preview")
    assert _cluster(azure)["properties"]["supportPlan"] == "KubernetesOfficial"
    assert _rules(azure, "api-server") == []
    project.succeed("preview", "--expect-no-changes")
    project.succeed("destroy", "--yes", "--skip-preview")


def test_the_name_of_a_private_api_server_is_in_the_zone_that_a_stack_names(
    project: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    own = {
        "nodesSubnetId": f"{hub}/subnets/nodes",
        "apiServerSubnetId": f"{hub}/subnets/api-server",
        "egress": "userDefinedRouting",
        "privateApiServer": "true",
        "privateDnsZone": ZONE,
    }
    project.write(config(repository, **own), program=AZURE_SIDE)
    project.succeed("up", "--yes", "--skip-preview")
    access = _cluster(azure)["properties"]["apiServerAccessProfile"]
    assert access["privateDNSZone"] == ZONE
    assert _cluster(azure)["properties"]["privateFQDN"].endswith(".private.westeurope.azmk8s.io")
    project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    project.succeed("preview", "--expect-no-changes")
    project.write(config(repository, **{**own, "privateDnsZone": "none"}), program=AZURE_SIDE)
    project.succeed("up", "--yes", "--skip-preview")
    assert _cluster(azure)["properties"]["apiServerAccessProfile"]["privateDNSZone"] == "none"
    project.succeed("destroy", "--yes", "--skip-preview")


def _cluster(azure: Azure) -> dict[str, Any]:
    found = azure.find(AKS, "2025-09-01")
    assert found
    return found


def _rules(azure: Azure, purpose: str) -> list[dict[str, Any]]:
    name = naming.security_group(STACK, purpose)
    found = azure.find(f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/{name}", "2024-05-01")
    assert found
    assert [each["id"].rpartition("/")[2] for each in found["properties"]["subnets"]] == [naming.subnet(STACK, purpose)]
    rules: list[dict[str, Any]] = found["properties"]["securityRules"]
    return rules


def _check_security_groups(azure: Azure) -> None:
    """Nothing comes in from outside, but to a public API server from the ranges that may reach it."""
    assert [_rules(azure, purpose) for purpose in ("nodes", "endpoints")] == [[], []]
    (rule,) = _rules(azure, "api-server")
    assert rule["properties"]["sourceAddressPrefixes"] == ["203.0.113.0/24"]
    assert rule["properties"]["destinationPortRanges"] == ["443", "4443"]
