"""Takes over what Azure has when the stack's state is lost: every resource is imported as it is, none is made.

`SLIPWAY_ADOPT=1 pulumi up` imports: this program chooses every name, so that the ARM ids follow from the inputs.
`python -m infra.adoption` then forgets of each resource what the program does not speak of. Without that, the next run
would take Azure's defaults for wishes that were given up, and replace the cluster.
https://www.pulumi.com/docs/iac/concepts/options/import/
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

import pulumi

from external.command import ExternalError, run

ASKED_BY: Final = "SLIPWAY_ADOPT"

_GROUP: Final = "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}"
IDS: Final = {
    "resources:ResourceGroup": _GROUP,
    "network:VirtualNetwork": _GROUP + "/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}",
    "network:Subnet": _GROUP + "/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    "network:NetworkSecurityGroup": _GROUP
    + "/providers/Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    "network:PublicIPAddress": _GROUP + "/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
    "network:NatGateway": _GROUP + "/providers/Microsoft.Network/natGateways/{natGatewayName}",
    "managedidentity:UserAssignedIdentity": _GROUP
    + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    "managedidentity:FederatedIdentityCredential": _GROUP
    + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
    + "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    "authorization:RoleAssignment": "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    "authorization:RoleDefinition": "{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
    "authorization:ManagementLockByScope": "{scope}/providers/Microsoft.Authorization/locks/{lockName}",
    "containerservice:ManagedCluster": _GROUP + "/providers/Microsoft.ContainerService/managedClusters/{resourceName}",
    "containerservice:MaintenanceConfiguration": _GROUP
    + "/providers/Microsoft.ContainerService/managedClusters/{resourceName}/maintenanceConfigurations/{configName}",
    "monitor:DataCollectionEndpoint": _GROUP
    + "/providers/Microsoft.Insights/dataCollectionEndpoints/{dataCollectionEndpointName}",
    "monitor:DataCollectionRule": _GROUP + "/providers/Microsoft.Insights/dataCollectionRules/{dataCollectionRuleName}",
    "monitor:DataCollectionRuleAssociation": "{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations"
    "/{associationName}",
    "monitor:DiagnosticSetting": "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
}
"""ARM ids by type of azure-native, from the inputs that are in their paths."""


def adopt_if_asked(subscription_id: str) -> None:
    """Where SLIPWAY_ADOPT is set, import every resource of Azure that the state does not have."""
    if not os.environ.get(ASKED_BY):
        return

    def adopt(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        template = IDS.get(args.type_.removeprefix("azure-native:"))
        if template is None:
            return None
        identifier = template.format_map({"subscription": subscription_id, **args.props})
        # As it is: the program's own wishes are for the next run, whose preview shows them.
        own = pulumi.ResourceOptions(import_=identifier, ignore_changes=["*"])
        return pulumi.ResourceTransformResult(props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, own))

    pulumi.runtime.register_resource_transform(adopt)


def in_shape(live: Any, wanted: Any) -> Any:
    """Of what Azure has, what the program speaks of; the values stay Azure's, so that a real difference shows."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return {key: in_shape(live[key], wanted[key]) for key in wanted if key in live}
    if isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        return [in_shape(*pair) for pair in zip(live, wanted, strict=True)]
    return live


def forget_defaults() -> int:
    """Rewrite the inputs of the selected stack's Azure resources; returns of how many they changed.

    Raises:
        ExternalError: Pulumi refuses; the state is as before.
    """
    state = json.loads(run(["pulumi", "stack", "export"]))
    plan = json.loads(run(["pulumi", "preview", "--json", "--non-interactive"], timeout=600))
    wanted = {step["urn"]: step["newState"].get("inputs", {}) for step in plan["steps"] if "newState" in step}
    changed = 0
    for resource in state["deployment"]["resources"]:
        if resource["type"].removeprefix("azure-native:") in IDS and resource["urn"] in wanted:
            trimmed = in_shape(resource["inputs"], wanted[resource["urn"]])
            changed += trimmed != resource["inputs"]
            resource["inputs"] = trimmed
    run(["pulumi", "stack", "import"], stdin=json.dumps(state).encode())
    return changed


def main() -> int:
    """Run it; an error is one message, and exit code 2."""
    try:
        print(f"{forget_defaults()} resources are as the program speaks of them. Next: pulumi preview")
    except ExternalError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
