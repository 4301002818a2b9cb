"""The custom roles of the fleet's controllers: exactly the actions that they need, and what each is for.

The actions were read off the requests that Cluster API's Azure provider (CAPZ) and Azure Service Operator (ASO) make;
`tests/conformance/test_permissions.py` takes each away in turn. Rights to join a subnet, an address or a load balancer
are asked for where one resource refers to another. No role has a wildcard, and none may assign an identity to a
machine or cluster: who could, would soon be that identity.
https://learn.microsoft.com/azure/role-based-access-control/custom-roles
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class FleetRole:
    """A role of our own.

    Attributes:
        purpose: part of its name in Azure, and of its logical name.
        description: shown in Azure beside it.
        actions, data_actions: what it allows on resources, and on what they hold.
    """

    purpose: str
    description: str
    actions: tuple[str, ...]
    data_actions: tuple[str, ...] = ()


def _each(kind: str, *rights: str) -> tuple[str, ...]:
    """The actions of a resource type by its rights, such as read and subnets/join/action."""
    return tuple(f"{kind}/{right}" for right in rights)


# With whether the deletion of a group is done.
_GROUPS: Final = (
    *_each("Microsoft.Resources/subscriptions/resourceGroups", "read", "write", "delete"),
    *_each("Microsoft.Resources/subscriptions/operationresults", "read"),
)

CAPZ: Final = FleetRole(
    "capz",
    "Clusters on virtual machines: their resource groups, networks, load balancers and machines.",
    (
        *_GROUPS,
        # Whether a machine is this cluster's is written in its tags.
        *_each("Microsoft.Resources/tags", "read"),
        # In which zones a region has which sizes.
        *_each("Microsoft.Compute/skus", "read"),
        # Whether what takes long is done.
        *_each("Microsoft.Network/locations/operations", "read"),
        *_each("Microsoft.Compute/locations", "operations/read", "DiskOperations/read"),
        # Cluster API keeps networks, subnets and NAT gateways by ASO, which acts as CAPZ for them.
        *_each("Microsoft.Network/virtualNetworks", "read", "write", "delete"),
        *_each("Microsoft.Network/virtualNetworks/subnets", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Network/natGateways", "read", "write", "delete", "join/action"),
        # These end with their resource group, and are asked to be deleted after it.
        *_each("Microsoft.Network/networkSecurityGroups", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Network/routeTables", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Network/publicIPAddresses", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Network/loadBalancers", "read", "write", "delete", "backendAddressPools/join/action"),
        # A machine of the control plane has each of these, and they go when it is replaced.
        *_each("Microsoft.Network/loadBalancers/inboundNatRules", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Network/networkInterfaces", "read", "write", "delete", "join/action"),
        *_each("Microsoft.Compute/availabilitySets", "read", "write", "delete"),
        *_each("Microsoft.Compute/virtualMachines", "read", "write", "delete"),
        *_each("Microsoft.Compute/virtualMachines/extensions", "read", "write"),
        # Disks come with their machine, and are left over by it.
        *_each("Microsoft.Compute/disks", "delete"),
    ),
)

ASO: Final = FleetRole(
    "aso",
    "AKS clusters and their resource groups.",
    (
        *_GROUPS,
        *_each("Microsoft.ContainerService/locations/operations", "read"),
        *_each(
            "Microsoft.ContainerService/managedClusters",
            *("read", "write", "delete", "listClusterUserCredential/action"),
        ),
        *_each("Microsoft.ContainerService/managedClusters/agentPools", "read", "write", "delete"),
    ),
)

DECRYPTION: Final = FleetRole(
    "decryption",
    "Decrypts what SOPS encrypted by a key; neither encrypts nor reads keys.",
    actions=(),
    data_actions=_each("Microsoft.KeyVault/vaults/keys", "decrypt/action"),
)

TeamResource = Literal[
    "UserAssignedIdentity",
    "FederatedIdentityCredential",
    "RoleAssignment",
    "StorageAccount",
    "Vault",
    "FlexibleServer",
    "FlexibleServersDatabase",
    "FlexibleServersFirewallRule",
]
"""Kinds of ASO that teams may be let have besides clusters and resource groups, of those that are installed
(AZURE_KINDS in management_cluster/clusterctl.py); `azure` in a team's limits says which team has which."""

_POSTGRESQL: Final = "Microsoft.DBforPostgreSQL/flexibleServers"

_TYPES: Final[Mapping[TeamResource, str]] = {
    "UserAssignedIdentity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "FederatedIdentityCredential": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    "RoleAssignment": "Microsoft.Authorization/roleAssignments",
    "StorageAccount": "Microsoft.Storage/storageAccounts",
    "Vault": "Microsoft.KeyVault/vaults",
    "FlexibleServer": _POSTGRESQL,
    "FlexibleServersDatabase": f"{_POSTGRESQL}/databases",
    "FlexibleServersFirewallRule": f"{_POSTGRESQL}/firewallRules",
}

GRANTABLE: Final[Mapping[str, str]] = {
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}
"""Built-in roles that a team's identity may be given: on data only, none of which can manage anything.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


def teams(kinds: Iterable[TeamResource]) -> FleetRole:
    """What ASO may do besides clusters, for the kinds that teams may have."""
    chosen = set(kinds)
    types = [type_ for kind, type_ in _TYPES.items() if kind in chosen]
    actions = [action for each in types for action in _each(each, "read", "write", "delete")]
    if any(each.startswith(_POSTGRESQL) for each in types):  # whether what takes long is done
        actions += _each("Microsoft.DBforPostgreSQL/locations", "azureAsyncOperation/read")
    return FleetRole("teams", "What teams have besides clusters.", tuple(actions))


def only_grantable() -> str:
    """The condition under which a holder may grant and withdraw roles: those of GRANTABLE, to service principals.

    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
    """
    return f"{_only('write', '@Request')} AND {_only('delete', '@Resource')}"


def _only(right: str, source: str) -> str:
    about = "Microsoft.Authorization/roleAssignments"
    roles = ", ".join(GRANTABLE.values())
    of_role = f"{source}[{about}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}"
    of_type = f"{source}[{about}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}"
    return f"((!(ActionMatches{{'{about}/{right}'}})) OR ({of_role} AND {of_type}))"
