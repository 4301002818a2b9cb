"""The resources a management cluster is made of, from the first preview to the end."""

from __future__ import annotations

import re
import time

import pulumi
import pytest
from pulumi_azure_native import authorization, managedidentity, network, resources
from pulumi_azure_native import containerservice as aks

from local_azure.instance import SUBSCRIPTION_ID
from tests.provider.azure import SUBSCRIPTION, Azure
from tests.provider.engine import Engine

pytestmark = pytest.mark.machine

CONTRIBUTOR = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
SIZE = "Standard_D4s_v5"


def management_cluster(name: str, version: str = "1.36.2", tags: dict[str, str] | None = None) -> None:
    """Everything that the types are for, in one program."""
    group = resources.ResourceGroup(name, resource_group_name=name, location="westeurope")
    net = network.VirtualNetwork(
        "net",
        resource_group_name=group.name,
        address_space=network.AddressSpaceArgs(address_prefixes=["10.1.0.0/16"]),
        tags=tags,
    )
    nodes = network.Subnet(
        "nodes", resource_group_name=group.name, virtual_network_name=net.name, address_prefix="10.1.1.0/24"
    )
    identity = managedidentity.UserAssignedIdentity("capz", resource_group_name=group.name)
    authorization.RoleAssignment(
        "capz-contributor",
        scope=group.id,
        principal_id=identity.principal_id,
        principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
        role_definition_id=CONTRIBUTOR,
    )
    cluster = aks.ManagedCluster(
        "management",
        resource_group_name=group.name,
        dns_prefix=name,
        kubernetes_version=version,
        identity=aks.ManagedClusterIdentityArgs(
            type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
        ),
        agent_pool_profiles=[
            aks.ManagedClusterAgentPoolProfileArgs(
                name="system", mode="System", count=1, vm_size=SIZE, vnet_subnet_id=nodes.id
            )
        ],
        oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
    )
    aks.AgentPool(
        "controllers",
        resource_group_name=group.name,
        resource_name_=cluster.name,
        mode="User",
        count=1,
        vm_size=SIZE,
        type="VirtualMachineScaleSets",
    )
    managedidentity.FederatedIdentityCredential(
        "capz-manager",
        resource_group_name=group.name,
        resource_name_=identity.name,
        issuer=cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url),
        subject="system:serviceaccount:capz-system:capz-manager",
        audiences=["api://AzureADTokenExchange"],
    )
    credentials = aks.list_managed_cluster_admin_credentials_output(
        resource_group_name=group.name, resource_name=cluster.name
    )
    pulumi.export("issuer", cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url))
    pulumi.export("kubeconfig", credentials.apply(lambda found: found.kubeconfigs[0].value))
    seen = network.get_virtual_network_output(resource_group_name=group.name, virtual_network_name=net.name)
    pulumi.export("seen", seen.apply(lambda found: found.address_space.address_prefixes))
    pulumi.export("subscription", authorization.get_client_config_output().subscription_id)


def test_from_the_first_preview_to_the_end(engine: Engine, azure: Azure) -> None:
    name = "lifecycle"
    began = time.time()

    preview = engine.preview(lambda: management_cluster(name))
    assert {step for steps in preview.operations.values() for step in steps} == {"create"}
    assert preview.planned["management"]["dnsPrefix"] == name
    assert azure.calls(began, method="PUT") == []

    up = engine.up(lambda: management_cluster(name))
    assert up.outputs["issuer"].value.startswith("https://")
    assert up.outputs["subscription"].value == SUBSCRIPTION_ID
    assert up.outputs["seen"].value == ["10.1.0.0/16"]
    assert up.outputs["kubeconfig"].secret
    assert up.outputs["kubeconfig"].value not in engine.state()
    assert re.fullmatch(r"net[0-9a-f]{8}", up.planned["net"]["name"])
    assert up.planned["nodes"]["name"] == "nodes"

    assert engine.preview(lambda: management_cluster(name)).changed == {}

    change = engine.up(lambda: management_cluster(name, version="1.36.3", tags={"owner": "fleet"}))
    assert change.changed == {"net": ["update"], "management": ["update"]}
    assert change.paths["management"] == {"kubernetesVersion": "update"}
    # The program has the subnet as a resource of its own: an update of the network must not remove it.
    subnets = f"{SUBSCRIPTION}/resourceGroups/{name}/providers/Microsoft.Network/virtualNetworks"
    assert azure.find(f"{subnets}/{up.planned['net']['name']}/subnets/nodes", "2024-05-01")

    engine.destroy(lambda: management_cluster(name))
    assert azure.find(f"{SUBSCRIPTION}/resourcegroups/{name}") is None
