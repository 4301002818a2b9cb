"""Microsoft.Network: virtual networks with their subnets, and the small resources around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.azure import network_rules
from local_azure.azure.errors import ArmError, bad_request
from local_azure.azure.identifiers import ResourceId, parse
from local_azure.azure.network_parts import exists
from local_azure.azure.network_rules import NETWORKS, SUBNETS, check_subnets, in_use_words, references
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

JOINED: Mapping[str, str] = {
    each.lower(): f"{each}/join/action"
    for each in (
        NETWORKS,
        SUBNETS,
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/routeTables",
        "Microsoft.Network/loadBalancers/backendAddressPools",
        "Microsoft.Network/loadBalancers/inboundNatRules",
    )
}
"""By the type of what a resource refers to, the right its writer needs there:
https://learn.microsoft.com/azure/role-based-access-control/permissions/networking"""


class NetworkResource(ResourceType):
    """What all types of this provider share: references must exist, and be free to use; what is used cannot go."""

    slow = True
    location_header = True
    in_use = ""
    """The code Azure refuses a delete with."""

    def __init__(self, name: str = "", in_use: str = "") -> None:
        super().__init__(name)
        self.in_use = in_use or self.in_use

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Every resource ID in the body must be there already."""
        for reference in references(put.body):
            if not reference.lower().startswith(put.id.key + "/") and not exists(azure, reference):
                raise bad_request(
                    "InvalidResourceReference",
                    f"Resource {reference} referenced by resource {put.id.text} was not found. Please make sure "
                    "that the referenced resource exists, and that both resources are in the same region.",
                )
            self._require_join(azure, put, reference)
        return super().accept(azure, put)

    def _require_join(self, azure: Azure, put: Put, reference: str) -> None:
        """Who writes a resource needs a right on what it refers to outside of itself and its own parent."""
        linked = parse(reference)
        needed = JOINED.get(linked.type.lower()) if linked else None
        if needed and not reference.lower().startswith(self.turn(put.id) + "/"):
            azure.access.require_linked(
                put.call.caller, f"{self.name}/write", put.id.text, linked=reference, needed=needed
            )

    def check_idle(self, azure: Azure, identifier: ResourceId) -> None:
        """One write at a time to a network and all its subnets."""
        running = azure.operations.running(self.turn(identifier))
        if running:
            raise ArmError(
                429,
                "AnotherOperationInProgress",
                "Another operation on this or dependent resource is in progress. To retrieve status of the "
                "operation use uri: "
                f"https://management.azure.com/subscriptions/{azure.subscription}/providers/Microsoft.Network/locations/global/operations/{running[0].id}.",
                headers={"Retry-After": str(azure.settings.values.retry_after)},
            )

    def turn(self, identifier: ResourceId) -> str:
        """The outermost resource: a subnet waits for its network's operations."""
        while identifier.parent is not None:
            identifier = identifier.parent
        return identifier.key

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """What another resource refers to stays."""
        users = [user for user in azure.store.mentioning(resource.id) if not resource.key.startswith(user.key + "/")]
        if users:
            code = self.in_use or "InUseResourceCannotBeDeleted"
            raise bad_request(code, in_use_words(resource, users[0]))

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the ETag in the body, as this provider has it."""
        return {**super().view(azure, resource), "etag": f'W/"{resource.etag}"'}


class VirtualNetworks(NetworkResource):
    """https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks

    A PUT that says nothing of subnets keeps them; one that lists them deletes the others.
    """

    name = NETWORKS
    in_use = "InUseVirtualNetworkCannotBeDeleted"

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Prefixes must be networks; subnets are resources of their own, kept beside."""
        prefixes = (put.properties.get("addressSpace") or {}).get("addressPrefixes") or []
        if not prefixes:
            raise bad_request(
                "InvalidRequestFormat", "Cannot parse the request: addressSpace.addressPrefixes is required."
            )
        space = [network_rules.network(prefix, put.id.name, "virtual network") for prefix in prefixes]
        subnets = put.properties.get("subnets")
        if subnets is None:
            listed = {found.name: found.properties for found in azure.store.below(put.id.text, SUBNETS)}
        else:
            listed = {subnet["name"]: subnet.get("properties") or {} for subnet in subnets}
        check_subnets(put.id.name, space, listed)
        for gone in self._dropped(azure, put):
            azure.types[SUBNETS.lower()].check_delete(azure, gone)
        accepted = super().accept(azure, put)
        kept = {name: value for name, value in accepted.properties.items() if name != "subnets"}
        return Resource(accepted.id, self.name, {**accepted.body, "properties": kept}, {"subnets": subnets})

    def unchanged(self, azure: Azure, wanted: Resource, existing: Resource) -> bool:
        """Also the subnets it lists must be there as listed, and no others."""
        subnets = wanted.hidden["subnets"]
        there = {found.name: found.properties for found in azure.store.below(existing.id, SUBNETS)}
        listed = {item["name"]: _subnet(item.get("properties") or {}) for item in subnets or ()}
        return super().unchanged(azure, wanted, existing) and (subnets is None or listed == there)

    def stored(self, azure: Azure, put: Put, resource: Resource) -> None:
        """Write the listed subnets, remove the others."""
        for gone in self._dropped(azure, put):
            azure.store.remove(gone.id)
        for subnet in put.properties.get("subnets") or []:
            identifier = put.id.child("subnets", subnet["name"])
            azure.store.put(Resource(identifier.text, SUBNETS, {"properties": _subnet(subnet.get("properties") or {})}))

    def _dropped(self, azure: Azure, put: Put) -> list[Resource]:
        subnets = put.properties.get("subnets")
        if subnets is None:
            return []
        names = {subnet["name"].lower() for subnet in subnets}
        return [found for found in azure.store.below(put.id.text, SUBNETS) if found.name.lower() not in names]

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With its subnets inside."""
        shown = super().view(azure, resource)
        subnet_type = azure.types[SUBNETS.lower()]
        subnets = [subnet_type.view(azure, found) for found in azure.store.below(resource.id, SUBNETS)]
        return {**shown, "properties": {**resource.properties, "subnets": subnets}}

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """A network goes with its subnets, when none is used."""
        for subnet in azure.store.below(resource.id, SUBNETS):
            azure.types[SUBNETS.lower()].check_delete(azure, subnet)
        super().check_delete(azure, resource)


class Subnets(NetworkResource):
    """https://learn.microsoft.com/rest/api/virtualnetwork/subnets"""

    name = SUBNETS
    tracked = False
    in_use = "InUseSubnetCannotBeDeleted"

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Inside the network's address space, beside the other subnets."""
        network = azure.store.get(put.id.text.rsplit("/", 2)[0])
        assert network is not None
        space = [
            network_rules.network(prefix, network.name, "virtual network")
            for prefix in network.properties["addressSpace"]["addressPrefixes"]
        ]
        others = azure.store.below(network.id, SUBNETS)
        listed = {found.name: found.properties for found in others if found.key != put.id.key}
        check_subnets(network.name, space, {**listed, put.id.name: put.properties})
        accepted = super().accept(azure, put)
        return Resource(accepted.id, self.name, {"properties": _subnet(put.properties)})


def _subnet(properties: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "delegations": [],
    }
    return {**defaults, **properties, "provisioningState": "Succeeded"}
