"""The resource providers that are simulated; a request for any other gets Azure's error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from local_azure.azure.agent_pools import AgentPools
from local_azure.azure.authorization import RoleAssignments, RoleDefinitions
from local_azure.azure.managed_clusters import ManagedClusters
from local_azure.azure.managed_identity import FederatedCredentials, Identities
from local_azure.azure.network import NetworkResource, Subnets, VirtualNetworks
from local_azure.azure.plain_types import MaintenanceConfigurations, Registries, Vaults, Workspaces
from local_azure.azure.resource_groups import ResourceGroups
from local_azure.azure.resource_type import ResourceType
from local_azure.azure.subscription import Provider


def providers(authorize_base: str) -> list[Provider]:
    """All resource providers; `authorize_base` is the URL at which API servers reach the simulator."""
    types: Mapping[str, tuple[ResourceType, ...]] = {
        "Microsoft.Resources": (ResourceGroups(),),
        "Microsoft.Network": (
            VirtualNetworks(),
            Subnets(),
            NetworkResource("Microsoft.Network/natGateways", "InUseNatGatewayCannotBeDeleted"),
            NetworkResource("Microsoft.Network/publicIPAddresses", "PublicIPAddressCannotBeDeleted"),
            NetworkResource("Microsoft.Network/networkSecurityGroups", "InUseNetworkSecurityGroupCannotBeDeleted"),
            NetworkResource("Microsoft.Network/privateDnsZones"),
        ),
        "Microsoft.ManagedIdentity": (Identities(), FederatedCredentials()),
        "Microsoft.Authorization": (RoleAssignments(), RoleDefinitions()),
        "Microsoft.ContainerService": (ManagedClusters(authorize_base), AgentPools(), MaintenanceConfigurations()),
        "Microsoft.ContainerRegistry": (Registries(),),
        "Microsoft.OperationalInsights": (Workspaces(),),
        "Microsoft.KeyVault": (Vaults(),),
    }
    versions = tomllib.loads((Path(__file__).parent / "api_versions.toml").read_text())
    return [Provider(namespace, tuple(versions[namespace]), kinds) for namespace, kinds in types.items()]
