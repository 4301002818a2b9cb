"""The resource providers that are simulated; a request for any other gets Azure's error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from local_azure.azure.agent_pools import AgentPools
from local_azure.azure.authorization import RoleAssignments, RoleDefinitions
from local_azure.azure.data_collection import Accounts, Associations, Endpoints, Rules
from local_azure.azure.databases import DATABASES, FIREWALL_RULES, FlexibleServers
from local_azure.azure.diagnostic_settings import DiagnosticSettings
from local_azure.azure.disks import AvailabilitySets, Disks, EncryptionSets
from local_azure.azure.key_vaults import Keys, KeyVersions, Vaults
from local_azure.azure.locks import Locks
from local_azure.azure.managed_clusters import ManagedClusters
from local_azure.azure.managed_identity import FederatedCredentials, Identities
from local_azure.azure.network import NetworkResource, Subnets, VirtualNetworks
from local_azure.azure.network_attachments import (
    InboundNatRules,
    Interfaces,
    LoadBalancers,
    PublicAddresses,
    WithParts,
)
from local_azure.azure.plain_types import DnsRecords, MaintenanceConfigurations, Registries, Workspaces
from local_azure.azure.resource_groups import ResourceGroups
from local_azure.azure.resource_type import ResourceType
from local_azure.azure.security_groups import SecurityGroups
from local_azure.azure.storage_accounts import StorageAccounts
from local_azure.azure.subscription import Provider
from local_azure.azure.virtual_machines import Extensions, VirtualMachines


def providers(authorize_base: str) -> list[Provider]:
    """All resource providers; `authorize_base` is the URL at which API servers reach the simulator."""
    types: Mapping[str, tuple[ResourceType, ...]] = {
        "Microsoft.Resources": (ResourceGroups(),),
        "Microsoft.Network": (
            VirtualNetworks(),
            Subnets(),
            NetworkResource("Microsoft.Network/natGateways", "InUseNatGatewayCannotBeDeleted"),
            PublicAddresses(),
            SecurityGroups(),
            WithParts("Microsoft.Network/routeTables", "InUseRouteTableCannotBeDeleted", parts=("routes",)),
            LoadBalancers(),
            InboundNatRules(),
            Interfaces(),
            NetworkResource("Microsoft.Network/privateDnsZones"),
            NetworkResource("Microsoft.Network/privateDnsZones/virtualNetworkLinks"),
            DnsRecords("Microsoft.Network/privateDnsZones/A"),
            DnsRecords("Microsoft.Network/privateDnsZones/AAAA"),
        ),
        "Microsoft.Compute": (VirtualMachines(), Extensions(), Disks(), EncryptionSets(), AvailabilitySets()),
        "Microsoft.ManagedIdentity": (Identities(), FederatedCredentials()),
        "Microsoft.Authorization": (RoleAssignments(), RoleDefinitions(), Locks()),
        "Microsoft.ContainerService": (ManagedClusters(authorize_base), AgentPools(), MaintenanceConfigurations()),
        "Microsoft.ContainerRegistry": (Registries(),),
        "Microsoft.Insights": (DiagnosticSettings(), Endpoints(), Rules(), Associations()),
        "Microsoft.Monitor": (Accounts(),),
        "Microsoft.OperationalInsights": (Workspaces(),),
        "Microsoft.KeyVault": (Vaults(), Keys(), KeyVersions()),
        "Microsoft.Storage": (StorageAccounts(),),
        "Microsoft.DBforPostgreSQL": (FlexibleServers(), DATABASES, FIREWALL_RULES),
    }
    versions = tomllib.loads((Path(__file__).parent / "api_versions.toml").read_text())
    return [Provider(namespace, tuple(versions[namespace]), kinds) for namespace, kinds in types.items()]
