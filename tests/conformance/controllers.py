"""What the controllers ask Azure for, in their order, as test data: from the request log, shortened.

What no fleet here can show, since no machine is booted (workers, a replaced machine), is from CAPZ's sources:
https://github.com/kubernetes-sigs/cluster-api-provider-azure/blob/v1.23.1/controllers/azuremachine_reconciler.go
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.conformance.running import SUBSCRIPTION

GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
NETWORK, COMPUTE, AKS = "Microsoft.Network", "Microsoft.Compute", "Microsoft.ContainerService/managedClusters"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIAL = f"{IDENTITY}/federatedIdentityCredentials"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"

HERE = {"location": "westeurope"}
STANDARD: dict[str, Any] = {**HERE, "sku": {"name": "Standard"}}
GIVEN = "principal of the team's identity"
"""Stands in a body for what Azure chooses."""


class Step(NamedTuple):
    """One request; without a path, how the last one goes.

    `needs` are the permissions that no step before needed; they are separated by spaces.
    """

    method: str
    path: str = ""
    needs: str = ""
    body: dict[str, Any] | None = None


def _in(group: str, kind: str) -> str:
    return f"{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind}"


def _id(path: str) -> dict[str, str]:
    return {"id": path}


VNET = _in("machines", f"{NETWORK}/virtualNetworks/vnet")
SUBNET, NSG = f"{VNET}/subnets/nodes", _in("machines", f"{NETWORK}/networkSecurityGroups/nsg")
ROUTES, GATEWAY = _in("machines", f"{NETWORK}/routeTables/routes"), _in("machines", f"{NETWORK}/natGateways/nodes")
ADDRESS, EGRESS = (_in("machines", f"{NETWORK}/publicIPAddresses/{name}") for name in ("api", "egress"))
BALANCER = _in("machines", f"{NETWORK}/loadBalancers/lb")
RULE, NIC = f"{BALANCER}/inboundNatRules/vm", _in("machines", f"{NETWORK}/networkInterfaces/nic")
MACHINE, SET = _in("machines", f"{COMPUTE}/virtualMachines/vm"), _in("machines", f"{COMPUTE}/availabilitySets/apps")
DISK, EXTENSION = _in("machines", f"{COMPUTE}/disks/vm_OSDisk"), f"{MACHINE}/extensions/boot"

_address = {**STANDARD, "properties": {"publicIPAllocationMethod": "Static"}}
_front = {"name": "front", "properties": {"publicIPAddress": _id(ADDRESS)}}
_connected = {
    "subnet": _id(SUBNET),
    "loadBalancerBackendAddressPools": [_id(f"{BALANCER}/backendAddressPools/pool")],
    "loadBalancerInboundNatRules": [_id(RULE)],
}
_machine = {
    "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
    "storageProfile": {
        "imageReference": {"communityGalleryImageId": "/CommunityGalleries/g/Images/i/Versions/1.36.3"},
        "osDisk": {"name": "vm_OSDisk", "createOption": "FromImage"},
    },
    "osProfile": {"computerName": "vm", "adminUsername": "capi"},
    "networkProfile": {"networkInterfaces": [_id(NIC)]},
}
_extension = {"publisher": "Microsoft.Azure.ContainerUpstream", "type": "CAPZ.Linux.Bootstrapping"}

CAPZ = (
    Step("GET", f"{SUBSCRIPTION}/providers/{COMPUTE}/skus", f"{COMPUTE}/skus/read"),
    Step("GET", f"{SUBSCRIPTION}/resourceGroups/machines", f"{GROUPS}/read"),
    Step("PUT", f"{SUBSCRIPTION}/resourceGroups/machines", f"{GROUPS}/write", HERE),
    Step("GET", VNET, f"{NETWORK}/virtualNetworks/read"),
    Step(
        "PUT",
        VNET,
        f"{NETWORK}/virtualNetworks/write",
        {**HERE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}},
    ),
    Step("GET", "", f"{NETWORK}/locations/operations/read"),
    Step("GET", NSG, f"{NETWORK}/networkSecurityGroups/read"),
    Step("PUT", NSG, f"{NETWORK}/networkSecurityGroups/write", HERE),
    Step("GET", ROUTES, f"{NETWORK}/routeTables/read"),
    Step("PUT", ROUTES, f"{NETWORK}/routeTables/write", HERE),
    Step("GET", ADDRESS, f"{NETWORK}/publicIPAddresses/read"),
    Step("PUT", ADDRESS, f"{NETWORK}/publicIPAddresses/write", _address),
    Step("PUT", EGRESS, "", _address),
    Step("GET", GATEWAY, f"{NETWORK}/natGateways/read"),
    Step(
        "PUT",
        GATEWAY,
        f"{NETWORK}/natGateways/write {NETWORK}/publicIPAddresses/join/action",
        {**STANDARD, "properties": {"publicIpAddresses": [_id(EGRESS)]}},
    ),
    Step("GET", SUBNET, f"{NETWORK}/virtualNetworks/subnets/read"),
    Step(
        "PUT",
        SUBNET,
        f"{NETWORK}/virtualNetworks/subnets/write {NETWORK}/natGateways/join/action "
        f"{NETWORK}/networkSecurityGroups/join/action {NETWORK}/routeTables/join/action",
        {
            "properties": {
                "addressPrefix": "10.1.0.0/16",
                "natGateway": _id(GATEWAY),
                "networkSecurityGroup": _id(NSG),
                "routeTable": _id(ROUTES),
            }
        },
    ),
    Step("GET", BALANCER, f"{NETWORK}/loadBalancers/read"),
    Step(
        "PUT",
        BALANCER,
        f"{NETWORK}/loadBalancers/write",
        {
            **STANDARD,
            "properties": {"frontendIPConfigurations": [_front], "backendAddressPools": [{"name": "pool"}]},
        },
    ),
    Step("GET", f"{BALANCER}/inboundNatRules", f"{NETWORK}/loadBalancers/inboundNatRules/read"),
    Step(
        "PUT",
        RULE,
        f"{NETWORK}/loadBalancers/inboundNatRules/write",
        {
            "properties": {
                "frontendIPConfiguration": _id(f"{BALANCER}/frontendIPConfigurations/front"),
                **{"frontendPort": 22, "backendPort": 22, "protocol": "Tcp"},
            }
        },
    ),
    Step("GET", NIC, f"{NETWORK}/networkInterfaces/read"),
    Step(
        "PUT",
        NIC,
        f"{NETWORK}/networkInterfaces/write {NETWORK}/virtualNetworks/subnets/join/action "
        f"{NETWORK}/loadBalancers/backendAddressPools/join/action {NETWORK}/loadBalancers/inboundNatRules/join/action",
        {**HERE, "properties": {"ipConfigurations": [{"name": "ip", "properties": _connected}]}},
    ),
    Step("GET", MACHINE, f"{COMPUTE}/virtualMachines/read"),
    Step(
        "PUT",
        MACHINE,
        f"{COMPUTE}/virtualMachines/write {NETWORK}/networkInterfaces/join/action",
        {**HERE, "properties": _machine},
    ),
    Step("GET", "", f"{COMPUTE}/locations/operations/read"),
    Step("GET", EXTENSION, f"{COMPUTE}/virtualMachines/extensions/read"),
    Step("PUT", EXTENSION, f"{COMPUTE}/virtualMachines/extensions/write", {**HERE, "properties": _extension}),
    Step("GET", f"{MACHINE}/providers/Microsoft.Resources/tags/default", "Microsoft.Resources/tags/read"),
    # Workers that stand in no zone are in a set.
    Step("GET", SET, f"{COMPUTE}/availabilitySets/read"),
    Step("PUT", SET, f"{COMPUTE}/availabilitySets/write", {**HERE, "sku": {"name": "Aligned"}}),
    # A machine is replaced: what belonged to it goes.
    Step("DELETE", MACHINE, f"{COMPUTE}/virtualMachines/delete"),
    Step("DELETE", DISK, f"{COMPUTE}/disks/delete"),
    Step("GET", "", f"{COMPUTE}/locations/DiskOperations/read"),
    Step("DELETE", SET, f"{COMPUTE}/availabilitySets/delete"),
    Step("DELETE", NIC, f"{NETWORK}/networkInterfaces/delete"),
    Step("DELETE", RULE, f"{NETWORK}/loadBalancers/inboundNatRules/delete"),
    # The cluster goes: its group first, and still both ask for each of its parts to be deleted.
    Step("DELETE", BALANCER, f"{NETWORK}/loadBalancers/delete"),
    Step("DELETE", ADDRESS, f"{NETWORK}/publicIPAddresses/delete"),
    Step("DELETE", SUBNET, f"{NETWORK}/virtualNetworks/subnets/delete"),
    Step("DELETE", GATEWAY, f"{NETWORK}/natGateways/delete"),
    Step("DELETE", VNET, f"{NETWORK}/virtualNetworks/delete"),
    Step("DELETE", ROUTES, f"{NETWORK}/routeTables/delete"),
    Step("DELETE", NSG, f"{NETWORK}/networkSecurityGroups/delete"),
    Step("DELETE", f"{SUBSCRIPTION}/resourceGroups/machines", f"{GROUPS}/delete"),
    Step("GET", "", "Microsoft.Resources/subscriptions/operationresults/read"),
)

CLUSTER = _in("first", f"{AKS}/first")
_pool = {"count": 1, "vmSize": "Standard_D2s_v5"}
_cluster = {
    "dnsPrefix": "first",
    "servicePrincipalProfile": {"clientId": "msi"},
    "aadProfile": {"managed": True, "enableAzureRBAC": True},
    "disableLocalAccounts": True,
    "agentPoolProfiles": [{**_pool, "name": "system", "mode": "System"}],
}

ASO = (
    Step("GET", f"{SUBSCRIPTION}/resourceGroups/first", f"{GROUPS}/read"),
    Step("PUT", f"{SUBSCRIPTION}/resourceGroups/first", f"{GROUPS}/write", HERE),
    Step("GET", CLUSTER, f"{AKS}/read"),
    Step("PUT", CLUSTER, f"{AKS}/write", {**HERE, "identity": {"type": "SystemAssigned"}, "properties": _cluster}),
    Step("GET", "", "Microsoft.ContainerService/locations/operations/read"),
    Step("POST", f"{CLUSTER}/listClusterUserCredential", f"{AKS}/listClusterUserCredential/action"),
    Step("GET", f"{CLUSTER}/agentPools/apps", f"{AKS}/agentPools/read"),
    Step("PUT", f"{CLUSTER}/agentPools/apps", f"{AKS}/agentPools/write", {"properties": _pool}),
    Step("DELETE", f"{CLUSTER}/agentPools/apps", f"{AKS}/agentPools/delete"),
    Step("DELETE", CLUSTER, f"{AKS}/delete"),
    Step("DELETE", f"{SUBSCRIPTION}/resourceGroups/first", f"{GROUPS}/delete"),
    Step("GET", "", "Microsoft.Resources/subscriptions/operationresults/read"),
)

ORDERS = _in("shop-dev-orders", f"{IDENTITY}/orders")
GRANT = f"{SUBSCRIPTION}/resourceGroups/shop-dev-orders/providers/{ASSIGNMENTS}/3d5f1d10-0000-4000-8000-00000000000b"
_trust = {
    "issuer": "https://issuer.example/",
    "subject": "system:serviceaccount:shop:orders",
    "audiences": ["api://AzureADTokenExchange"],
}
_grant = {
    "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_READER}",
    **{"principalId": GIVEN, "principalType": "ServicePrincipal"},
}


STORAGE, VAULTS = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"
FILES, VAULT = _in("shop-dev-orders", f"{STORAGE}/shopdevfiles"), _in("shop-dev-orders", f"{VAULTS}/shop-dev-orders")
SERVER = _in("shop-dev-orders", f"{POSTGRESQL}/shop-dev-orders")
_vault = {"tenantId": "00000000-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}}
_server = {"version": "16", "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"}}
_office = {"startIpAddress": "192.0.2.1", "endIpAddress": "192.0.2.1"}


def _life(path: str, kind: str, body: dict[str, Any]) -> tuple[Step, Step]:
    return Step("GET", path, f"{kind}/read"), Step("PUT", path, f"{kind}/write", body)


TEAMS = (
    *_life(ORDERS, IDENTITY, HERE),
    *_life(f"{ORDERS}/federatedIdentityCredentials/blue", CREDENTIAL, {"properties": _trust}),
    *_life(GRANT, ASSIGNMENTS, {"properties": _grant}),
    *_life(FILES, STORAGE, {**HERE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}),
    *_life(VAULT, VAULTS, {**HERE, "properties": _vault}),
    *_life(SERVER, POSTGRESQL, {**HERE, "sku": {"name": "Standard_B1ms", "tier": "Burstable"}, "properties": _server}),
    Step("GET", "", "Microsoft.DBforPostgreSQL/locations/azureAsyncOperation/read"),
    *_life(f"{SERVER}/databases/orders", f"{POSTGRESQL}/databases", {"properties": {}}),
    *_life(f"{SERVER}/firewallRules/office", f"{POSTGRESQL}/firewallRules", {"properties": _office}),
    Step("DELETE", f"{SERVER}/firewallRules/office", f"{POSTGRESQL}/firewallRules/delete"),
    Step("DELETE", f"{SERVER}/databases/orders", f"{POSTGRESQL}/databases/delete"),
    Step("DELETE", SERVER, f"{POSTGRESQL}/delete"),
    Step("DELETE", VAULT, f"{VAULTS}/delete"),
    Step("DELETE", FILES, f"{STORAGE}/delete"),
    Step("DELETE", GRANT, f"{ASSIGNMENTS}/delete"),
    Step("DELETE", f"{ORDERS}/federatedIdentityCredentials/blue", f"{CREDENTIAL}/delete"),
    Step("DELETE", ORDERS, f"{IDENTITY}/delete"),
)
