"""Writes the table of request models: what Microsoft's SDK wheels say about every resource type simulated here.

The models carry each property's place in the JSON, type, whether it is required or read-only, its range, length and
pattern, and the values of an enumeration. They are read once, in a process of their own (`python -m
local_azure.azure.schema_table FILE`), because importing them takes seconds and hundreds of megabytes.
"""

from __future__ import annotations

import enum
import hashlib
import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

MODELS = {
    "Microsoft.Resources/resourceGroups": "azure.mgmt.resource.resources.v2022_09_01.models:ResourceGroup",
    "Microsoft.Network/virtualNetworks": "azure.mgmt.network.models:VirtualNetwork",
    "Microsoft.Network/virtualNetworks/subnets": "azure.mgmt.network.models:Subnet",
    "Microsoft.Network/natGateways": "azure.mgmt.network.models:NatGateway",
    "Microsoft.Network/publicIPAddresses": "azure.mgmt.network.models:PublicIPAddress",
    "Microsoft.Network/networkSecurityGroups": "azure.mgmt.network.models:NetworkSecurityGroup",
    "Microsoft.Network/routeTables": "azure.mgmt.network.models:RouteTable",
    "Microsoft.Network/loadBalancers": "azure.mgmt.network.models:LoadBalancer",
    "Microsoft.Network/loadBalancers/inboundNatRules": "azure.mgmt.network.models:InboundNatRule",
    "Microsoft.Network/networkInterfaces": "azure.mgmt.network.models:NetworkInterface",
    "Microsoft.Network/privateDnsZones": "azure.mgmt.privatedns.models:PrivateZone",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "azure.mgmt.privatedns.models:VirtualNetworkLink",
    "Microsoft.Network/privateDnsZones/A": "azure.mgmt.privatedns.models:RecordSet",
    "Microsoft.Network/privateDnsZones/AAAA": "azure.mgmt.privatedns.models:RecordSet",
    "Microsoft.Compute/virtualMachines": "azure.mgmt.compute.models:VirtualMachine",
    "Microsoft.Compute/virtualMachines/extensions": "azure.mgmt.compute.models:VirtualMachineExtension",
    "Microsoft.Compute/disks": "azure.mgmt.compute.models:Disk",
    "Microsoft.Compute/diskEncryptionSets": "azure.mgmt.compute.models:DiskEncryptionSet",
    "Microsoft.Compute/availabilitySets": "azure.mgmt.compute.models:AvailabilitySet",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "azure.mgmt.msi.v2023_01_31.models:Identity",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        "azure.mgmt.msi.v2023_01_31.models:FederatedIdentityCredential"
    ),
    "Microsoft.Authorization/roleAssignments": (
        "azure.mgmt.authorization.v2022_04_01.models:RoleAssignmentCreateParameters"
    ),
    "Microsoft.Authorization/locks": "azure.mgmt.resource.locks.v2016_09_01.models:ManagementLockObject",
    "Microsoft.Authorization/roleDefinitions": "azure.mgmt.authorization.v2022_04_01.models:RoleDefinition",
    "Microsoft.ContainerService/managedClusters": "azure.mgmt.containerservice.models:ManagedCluster",
    "Microsoft.ContainerService/managedClusters/agentPools": "azure.mgmt.containerservice.models:AgentPool",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": (
        "azure.mgmt.containerservice.models:MaintenanceConfiguration"
    ),
    "Microsoft.KeyVault/vaults": "azure.mgmt.keyvault.v2024_11_01.models:VaultCreateOrUpdateParameters",
    "Microsoft.KeyVault/vaults/keys": "azure.mgmt.keyvault.v2024_11_01.models:KeyCreateParameters",
    "Microsoft.Storage/storageAccounts": "azure.mgmt.storage.models:StorageAccountCreateParameters",
    "Microsoft.DBforPostgreSQL/flexibleServers": "azure.mgmt.postgresqlflexibleservers.models:Server",
    "Microsoft.DBforPostgreSQL/flexibleServers/databases": "azure.mgmt.postgresqlflexibleservers.models:Database",
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules": (
        "azure.mgmt.postgresqlflexibleservers.models:FirewallRule"
    ),
    "Microsoft.Insights/dataCollectionEndpoints": (
        "azure.mgmt.monitor.v2022_06_01.models:DataCollectionEndpointResource"
    ),
    "Microsoft.Insights/dataCollectionRules": "azure.mgmt.monitor.v2022_06_01.models:DataCollectionRuleResource",
    "Microsoft.Insights/dataCollectionRuleAssociations": (
        "azure.mgmt.monitor.v2022_06_01.models:DataCollectionRuleAssociationProxyOnlyResource"
    ),
    "Microsoft.Monitor/accounts": "azure.mgmt.monitor.v2021_06_03_preview.models:AzureMonitorWorkspaceResource",
    "Microsoft.Insights/diagnosticSettings": "azure.mgmt.monitor.v2021_05_01_preview.models:DiagnosticSettingsResource",
    "Microsoft.ContainerRegistry/registries": "azure.mgmt.containerregistry.v2023_01_01_preview.models:Registry",
}
WHEELS = (
    "azure-mgmt-authorization",
    "azure-mgmt-compute",
    "azure-mgmt-containerregistry",
    "azure-mgmt-containerservice",
    "azure-mgmt-keyvault",
    "azure-mgmt-monitor",
    "azure-mgmt-msi",
    "azure-mgmt-network",
    "azure-mgmt-postgresqlflexibleservers",
    "azure-mgmt-privatedns",
    "azure-mgmt-resource",
    "azure-mgmt-storage",
)
GROWING = {"VirtualMachineSizeTypes"}
"""No longer extended: https://learn.microsoft.com/rest/api/compute/resource-skus has more."""
OPEN = "Known"
"""So begin the names of enumerations that are not all that a service takes."""
CONSTRAINTS = (
    "readonly",
    "required",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "pattern",
    "min_items",
    "max_items",
)

Table = dict[str, Any]


def ensure(folder: Path) -> Table:
    """The table, made in `folder` when it is not there for the installed wheels. Takes up to a minute then."""
    made_of = [Path(__file__).read_text(), *(importlib.metadata.version(wheel) for wheel in WHEELS)]
    key = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:12]
    path = folder / f"request-models-{key}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        root = Path(__file__).parents[2]
        subprocess.run([sys.executable, "-m", __spec__.name, str(path)], check=True, cwd=root)
    table: Table = json.loads(path.read_text())
    return table


def write(path: Path) -> None:
    """Read all models and write the table to `path`."""
    models: dict[str, Any] = {}
    types = {kind.lower(): _model(models, *place.split(":")) for kind, place in MODELS.items()}
    half = path.with_suffix(".part")
    half.write_text(json.dumps({"types": types, "models": models}, separators=(",", ":")))
    half.replace(path)


def _model(models: dict[str, Any], module_name: str, class_name: str) -> str:
    """Add a model and all it refers to; returns its key."""
    module = importlib.import_module(module_name)
    key = f"{module_name.removeprefix('azure.mgmt.').removesuffix('.models')}.{class_name}"
    if key in models:
        return key
    model: dict[str, Any] = {"fields": {}}
    models[key] = model
    cls = getattr(module, class_name)
    if getattr(cls, "_subtype_map", None):
        model["open"] = True
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        annotations.update(getattr(vars(base).get("__init__"), "__annotations__", {}))
    for attribute, described in cls._attribute_map.items():
        if not described["key"]:
            model["open"] = True
            continue
        field = _field(models, module, described["type"], str(annotations.get(attribute, "")))
        constraints = cls._validation.get(attribute, {})
        field |= {name: constraints[name] for name in CONSTRAINTS if name in constraints}
        _place(model["fields"], re.split(r"(?<!\\)\.", described["key"]), field)
    return key


def _field(models: dict[str, Any], module: Any, kind: str, annotation: str) -> dict[str, Any]:
    containers = ""
    while kind[0] in "[{":
        containers += "list " if kind[0] == "[" else "map "
        kind = kind[1:-1]
    field: dict[str, Any] = {"kind": kind}
    if containers:
        field["containers"] = containers.split()
    if hasattr(getattr(module, kind, None), "_attribute_map"):
        field |= {"kind": "model", "model": _model(models, module.__name__, kind)}
    values = (
        [kind] if isinstance(getattr(module, kind, None), enum.EnumMeta) else re.findall(r"_models\.(\w+)", annotation)
    )
    for name in values:
        found = getattr(module, name, None)
        if isinstance(found, enum.EnumMeta) and name not in GROWING and not name.startswith(OPEN):
            field["values"] = [member.value for member in found]  # type: ignore[var-annotated]
    return field


def _place(fields: dict[str, Any], path: list[str], field: dict[str, Any]) -> None:
    """Put a field where its JSON key says: `properties.addressSpace` is inside `properties`."""
    *outer, last = (part.replace("\\.", ".") for part in path)
    for part in outer:
        fields = fields.setdefault(part, {"kind": "inline", "fields": {}})["fields"]
    fields[last] = field


if __name__ == "__main__":
    write(Path(sys.argv[1]))
