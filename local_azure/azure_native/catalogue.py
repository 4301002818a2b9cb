"""Which azure-native resources and functions the stand-in serves: one row each.

A row says where Microsoft's SDK keeps the request and the model of the type, and what no SDK tells: which changes
replace the resource, and which children belong to others. Those come from the provider's own rules:
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/gen/replacement.go and, for `location`, from
`x-ms-mutability: [create, read]` in Azure's API descriptions (https://github.com/Azure/azure-rest-api-specs).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sdk:
    """A client library of Microsoft: its package; whether `operations` is split into a module per group of requests."""

    package: str
    split: bool = True

    def builder(self, group: str, verb: str) -> tuple[str, str]:
        """The module and the name of the function that builds a request."""
        operations = f"{self.package}.operations"
        if self.split:
            return f"{operations}._{group}_operations", f"build_{verb}_request"
        return f"{operations}._operations", f"build_{group}_{verb}_request"


@dataclass(frozen=True)
class ResourceRow:
    """A resource: `group` and `verb` find the PUT request, `model` is its body, `response` what comes back (or
    `model`).
    """

    token: str
    sdk: Sdk
    group: str
    model: str
    verb: str = "create_or_update"
    response: str = ""
    create_only: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True)
class FunctionRow:
    """A function: a POST or GET on a path. `secret` are the paths of its result that are nobody else's business."""

    token: str
    sdk: Sdk
    group: str
    verb: str
    response: str
    secret: tuple[str, ...] = ()


AKS = Sdk("azure.mgmt.containerservice")
NETWORK = Sdk("azure.mgmt.network", split=False)
IDENTITY = Sdk("azure.mgmt.msi.v2023_01_31")
RESOURCES = Sdk("azure.mgmt.resource.resources.v2022_09_01", split=False)
ROLE_ASSIGNMENTS = Sdk("azure.mgmt.authorization.v2022_04_01")
ROLE_DEFINITIONS = Sdk("azure.mgmt.authorization.v2022_05_01_preview")
LOCKS = Sdk("azure.mgmt.resource.locks.v2016_09_01", split=False)
DIAGNOSTICS = Sdk("azure.mgmt.monitor.v2021_05_01_preview")
DATA_COLLECTION = Sdk("azure.mgmt.monitor.v2022_06_01")
REGISTRY = Sdk("azure.mgmt.containerregistry.v2023_01_01_preview")

LOCATION = ("location",)
CLUSTER_CREATE_ONLY = (
    "diskEncryptionSetID",
    "dnsPrefix",
    "fqdnSubdomain",
    "linuxProfile",
    "location",
    "nodeResourceGroup",
    "windowsProfile",
    "networkProfile.serviceCidr",
    "networkProfile.serviceCidrs",
    "networkProfile.dnsServiceIP",
    "networkProfile.networkMode",
    "networkProfile.networkPlugin",
    "networkProfile.networkPluginMode",
    "networkProfile.podCidr",
    "networkProfile.networkDataplane",
    "networkProfile.networkPolicy",
    "networkProfile.outboundType",
)

RENAMED = {"RoleDefinition.role_type": "roleType", "IPRule.ip_address_or_range": "iPAddressOrRange"}
"""Properties (model.attribute) that the SDK does not name as they are named in requests."""

RESOURCE_ROWS = (
    ResourceRow(
        "azure-native:resources:ResourceGroup",
        RESOURCES,
        "resource_groups",
        "ResourceGroup",
        create_only=LOCATION,
    ),
    ResourceRow(
        "azure-native:network:VirtualNetwork",
        NETWORK,
        "virtual_networks",
        "VirtualNetwork",
        create_only=LOCATION,
        children=("subnets", "virtualNetworkPeerings"),
    ),
    ResourceRow("azure-native:network:Subnet", NETWORK, "subnets", "Subnet"),
    ResourceRow(
        "azure-native:network:NetworkSecurityGroup",
        NETWORK,
        "network_security_groups",
        "NetworkSecurityGroup",
        children=("securityRules",),
    ),
    ResourceRow(
        "azure-native:network:PublicIPAddress",
        NETWORK,
        "public_ip_addresses",
        "PublicIPAddress",
        create_only=("location", "publicIPAddressVersion", "publicIPPrefix", "sku"),
    ),
    ResourceRow("azure-native:network:NatGateway", NETWORK, "nat_gateways", "NatGateway"),
    ResourceRow(
        "azure-native:managedidentity:UserAssignedIdentity",
        IDENTITY,
        "user_assigned_identities",
        "Identity",
        create_only=LOCATION,
    ),
    ResourceRow(
        "azure-native:managedidentity:FederatedIdentityCredential",
        IDENTITY,
        "federated_identity_credentials",
        "FederatedIdentityCredential",
    ),
    ResourceRow(
        "azure-native:authorization:RoleAssignment",
        ROLE_ASSIGNMENTS,
        "role_assignments",
        "RoleAssignmentCreateParameters",
        verb="create",
        response="RoleAssignment",
        create_only=("principalId", "scope"),
    ),
    ResourceRow("azure-native:authorization:RoleDefinition", ROLE_DEFINITIONS, "role_definitions", "RoleDefinition"),
    ResourceRow(
        "azure-native:authorization:ManagementLockByScope",
        LOCKS,
        "management_locks",
        "ManagementLockObject",
        verb="create_or_update_by_scope",
    ),
    ResourceRow(
        "azure-native:containerservice:ManagedCluster",
        AKS,
        "managed_clusters",
        "ManagedCluster",
        create_only=CLUSTER_CREATE_ONLY,
    ),
    ResourceRow(
        "azure-native:containerservice:AgentPool",
        AKS,
        "agent_pools",
        "AgentPool",
        create_only=("gpuInstanceProfile", "vmSize", "networkProfile.nodePublicIPTags"),
    ),
    ResourceRow(
        "azure-native:containerservice:MaintenanceConfiguration",
        AKS,
        "maintenance_configurations",
        "MaintenanceConfiguration",
    ),
    ResourceRow(
        "azure-native:monitor:DiagnosticSetting", DIAGNOSTICS, "diagnostic_settings", "DiagnosticSettingsResource"
    ),
    ResourceRow(
        "azure-native:monitor:DataCollectionEndpoint",
        DATA_COLLECTION,
        "data_collection_endpoints",
        "DataCollectionEndpointResource",
        verb="create",
        create_only=LOCATION,
    ),
    ResourceRow(
        "azure-native:monitor:DataCollectionRule",
        DATA_COLLECTION,
        "data_collection_rules",
        "DataCollectionRuleResource",
        verb="create",
        create_only=LOCATION,
    ),
    ResourceRow(
        "azure-native:monitor:DataCollectionRuleAssociation",
        DATA_COLLECTION,
        "data_collection_rule_associations",
        "DataCollectionRuleAssociationProxyOnlyResource",
        verb="create",
    ),
    ResourceRow(
        "azure-native:containerregistry:Registry",
        REGISTRY,
        "registries",
        "Registry",
        verb="create",
        create_only=LOCATION,
    ),
)

FUNCTION_ROWS = (
    FunctionRow(
        "azure-native:containerservice:listManagedClusterUserCredentials",
        AKS,
        "managed_clusters",
        "list_cluster_user_credentials",
        "CredentialResults",
        secret=("kubeconfigs.value",),
    ),
    FunctionRow(
        "azure-native:containerservice:listManagedClusterAdminCredentials",
        AKS,
        "managed_clusters",
        "list_cluster_admin_credentials",
        "CredentialResults",
        secret=("kubeconfigs.value",),
    ),
)
