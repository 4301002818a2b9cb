"""The Azure side of the program: what is created, that it stays the same, that it goes away."""

from __future__ import annotations

import json
import time

from infra import naming
from infra.address_plan import dns_service_ip
from infra.network_settings import NetworkSettings
from local_azure import instance
from tests.program import baseline
from tests.program.conftest import Repository, config
from tests.program.plane import AKS, GROUP, NETWORK_API, ONLY_AZURE, SUBJECTS, properties, subnet_id
from tests.program.project import STACK, Project
from tests.provider.azure import Azure


def test_the_life_of_a_management_cluster(plane: Project, repository: Repository, azure: Azure) -> None:
    began = time.time()
    plane.succeed("preview")
    assert azure.calls(began, method="PUT") == []

    plane.succeed("up", "--yes", "--skip-preview")
    assert list(baseline.broken(azure.calls(began, method="PUT"))) == []
    _check_cluster(azure)
    told = plane.outputs()
    _check_federation(azure, told["issuer"])
    _check_network(azure, told["egress_address"])
    _check_access(azure)
    assert told["api_server"] == f"https://{properties(azure)['fqdn']}"
    assert told["console"] == f"https://portal.azure.com/#@{instance.TENANT_ID}/resource{AKS}/overview"
    assert "client-key-data" not in plane.state()

    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")

    plane.write(config(repository, controllersPoolCount="4"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert {pool["name"]: pool["count"] for pool in properties(azure)["agentPoolProfiles"]} == {
        "controllers": 4,
        "system": 3,
    }
    plane.write(config(repository, controllersPoolCount="3-6"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    controllers = properties(azure)["agentPoolProfiles"][0]
    assert [controllers[key] for key in ("enableAutoScaling", "minCount", "maxCount", "count")] == [True, 3, 6, 4]

    plane.succeed("destroy", "--yes", "--skip-preview")
    assert azure.find(GROUP) is None


def _check_cluster(azure: Azure) -> None:
    cluster = properties(azure)
    ranges = NetworkSettings()
    assert cluster["oidcIssuerProfile"]["enabled"]
    assert cluster["securityProfile"]["workloadIdentity"]["enabled"]
    assert cluster["nodeResourceGroup"] == naming.node_resource_group(STACK)
    network = cluster["networkProfile"]
    assert (network["networkPluginMode"], network["networkDataplane"]) == ("overlay", "cilium")
    assert network["dnsServiceIP"] == dns_service_ip(ranges.service_cidr)
    assert network["outboundType"] == "userAssignedNATGateway"
    assert cluster["apiServerAccessProfile"] == {
        "enableVnetIntegration": True,
        "enablePrivateCluster": False,
        "subnetId": subnet_id("api-server"),
    }
    pools = {pool["name"]: pool for pool in cluster["agentPoolProfiles"]}
    assert (pools["system"]["mode"], pools["controllers"]["mode"]) == ("System", "User")
    assert pools["system"]["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]

    assert {tuple(pool["availabilityZones"]) for pool in pools.values()} == {("1", "2", "3")}
    assert (pools["system"]["minCount"], pools["system"]["maxCount"]) == (3, 5)
    channels = cluster["autoUpgradeProfile"]
    assert (channels["upgradeChannel"], channels["nodeOSUpgradeChannel"]) == ("patch", "NodeImage")
    for name in ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"):
        window = azure.find(f"{AKS}/maintenanceConfigurations/{name}", "2025-09-01")
        assert window
        assert window["properties"]["maintenanceWindow"]["schedule"]["weekly"]["dayOfWeek"] == "Sunday"


def _check_network(azure: Azure, egress_address: str) -> None:
    """Nodes leave by one known address; the API server has a subnet of its own."""
    ranges = NetworkSettings()
    for purpose, cidr in (
        ("nodes", ranges.nodes_subnet_cidr),
        ("api-server", ranges.api_server_subnet_cidr),
        ("endpoints", ranges.endpoints_subnet_cidr),
    ):
        subnet = azure.find(subnet_id(purpose), NETWORK_API)
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
    cluster = properties(azure)
    assert cluster["disableLocalAccounts"]
    assert cluster["aadProfile"]["enableAzureRBAC"]


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
