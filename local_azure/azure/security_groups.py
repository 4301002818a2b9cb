"""Network security groups: their own rules, those that Azure adds, and what they are on. No packet is filtered."""

from __future__ import annotations

from typing import Any, Final

from local_azure.azure.errors import bad_request
from local_azure.azure.network_attachments import INTERFACES, WithParts
from local_azure.azure.network_parts import with_ids
from local_azure.azure.network_rules import SUBNETS
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

PRIORITIES: Final = range(100, 4097)
SHOWN: Final = {SUBNETS: "subnets", INTERFACES: "networkInterfaces"}
"""Who is listed as a user of a group, and under which name."""

_DEFAULTS: Final = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
"""https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules"""


class SecurityGroups(WithParts):
    """https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups"""

    def __init__(self) -> None:
        super().__init__(
            "Microsoft.Network/networkSecurityGroups", "InUseNetworkSecurityGroupCannotBeDeleted", ("securityRules",)
        )

    def accept(self, azure: Azure, put: Put) -> Resource:
        """No two rules of a direction have the same priority, or nobody knew which comes first."""
        taken: dict[tuple[str, int], str] = {}
        for rule in put.properties.get("securityRules") or ():
            name, said = str(rule.get("name", "")), rule.get("properties") or {}
            priority, direction = int(said.get("priority") or 0), str(said.get("direction", ""))
            if priority not in PRIORITIES:
                raise bad_request(
                    "SecurityRuleInvalidPriority",
                    f"Security rule {name} has invalid Priority. Value provided: {priority} Allowed range 100-4096.",
                )
            if other := taken.get((direction.lower(), priority)):
                raise bad_request(
                    "SecurityRuleConflict",
                    f"Security rule {name} conflicts with rule {other}. Rules cannot have the same Priority and "
                    "Direction.",
                )
            taken[direction.lower(), priority] = name
        defaults = with_ids(put.id.text, "defaultSecurityRules", map(_default, _DEFAULTS))
        return super().accept(azure, put).with_properties(defaultSecurityRules=defaults)

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the subnets and interfaces it is on."""
        users: dict[str, list[dict[str, str]]] = {}
        for user in azure.store.mentioning(resource.id):
            if user.type in SHOWN:
                users.setdefault(SHOWN[user.type], []).append({"id": user.id})
        return {**super().view(azure, resource), "properties": {**resource.properties, **users}}


def _default(row: tuple[str, int, str, str, str, str]) -> dict[str, Any]:
    name, priority, direction, access, source, destination = row
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": direction,
            "access": access,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
        },
    }
