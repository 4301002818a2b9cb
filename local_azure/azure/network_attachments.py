"""What machines and load balancers hang on a network with: interfaces, front ends, public addresses, rules."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import bad_request
from local_azure.azure.network import NetworkResource
from local_azure.azure.network_parts import private_address, public_address, with_ids
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

BALANCERS = "Microsoft.Network/loadBalancers"
NAT_RULES = f"{BALANCERS}/inboundNatRules"
INTERFACES = "Microsoft.Network/networkInterfaces"
MACHINES = "Microsoft.Compute/virtualMachines"


class WithParts(NetworkResource):
    """A resource whose lists of named parts are shown with an ID each."""

    def __init__(self, name: str = "", in_use: str = "", parts: tuple[str, ...] = ()) -> None:
        super().__init__(name, in_use)
        self.parts = parts

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Every list is there, empty where nothing was sent."""
        accepted = super().accept(azure, put)
        lists = {kind: with_ids(put.id.text, kind, put.properties.get(kind)) for kind in self.parts}
        return accepted.with_properties(**lists)


class PublicAddresses(NetworkResource):
    """https://learn.microsoft.com/rest/api/virtualnetwork/public-ip-addresses: they lead nowhere."""

    name = "Microsoft.Network/publicIPAddresses"
    in_use = "PublicIPAddressCannotBeDeleted"

    def accept(self, azure: Azure, put: Put) -> Resource:
        """The address stays for life; a DNS label is unique in its region."""
        accepted = super().accept(azure, put)
        known = put.existing.properties.get("ipAddress") if put.existing else None
        label = (put.properties.get("dnsSettings") or {}).get("domainNameLabel")
        settings: dict[str, Any] = {}
        if label:
            name = f"{label}.{accepted.body['location']}.cloudapp.azure.com"
            for other in azure.store.of_type(self.name):
                if other.key != put.id.key and (other.properties.get("dnsSettings") or {}).get("fqdn") == name:
                    raise bad_request(
                        "DnsRecordInUse", f"DNS record {name} is already used by another public IP.", "domainNameLabel"
                    )
            settings = {"dnsSettings": {**put.properties["dnsSettings"], "fqdn": name}}
        return accepted.with_properties(ipAddress=known or public_address(azure, self.name), **settings)


class LoadBalancers(WithParts):
    """https://learn.microsoft.com/rest/api/load-balancer/load-balancers: recorded; a front end leads to nothing yet."""

    def __init__(self) -> None:
        kinds = ("backendAddressPools", "loadBalancingRules", "probes", "outboundRules", "inboundNatPools")
        super().__init__(BALANCERS, parts=("frontendIPConfigurations", *kinds))

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A private front end gets an address of its subnet; NAT rules are resources of their own, kept beside."""
        accepted = super().accept(azure, put)
        fronts = _addressed(azure, put, accepted.properties["frontendIPConfigurations"], "frontendIPConfigurations")
        properties = {**accepted.properties, "frontendIPConfigurations": fronts}
        properties.pop("inboundNatRules", None)
        return Resource(accepted.id, self.name, {**accepted.body, "properties": properties})

    def stored(self, azure: Azure, put: Put, resource: Resource) -> None:
        """Write the NAT rules that are listed."""
        for rule in with_ids(put.id.text, "inboundNatRules", put.properties.get("inboundNatRules")):
            azure.store.put(Resource(rule["id"], NAT_RULES, {"properties": rule["properties"]}))

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With its NAT rules inside."""
        shown = super().view(azure, resource)
        kind = azure.types[NAT_RULES.lower()]
        rules = [kind.view(azure, rule) for rule in azure.store.below(resource.id, NAT_RULES)]
        return {**shown, "properties": {**resource.properties, "inboundNatRules": rules}}


class InboundNatRules(NetworkResource):
    """https://learn.microsoft.com/rest/api/load-balancer/inbound-nat-rules"""

    name = NAT_RULES
    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """One rule for each port of a front end."""
        accepted = super().accept(azure, put)
        for other in azure.store.below(put.id.text.rsplit("/", 2)[0], NAT_RULES):
            if other.key != put.id.key and _front(other.properties) == _front(accepted.properties):
                raise bad_request(
                    "RulesUseSameFrontendPortProtocolAndIPConfig",
                    f"Load balancing rules {put.id.text} and {other.id} belong to the same load balancer and use the "
                    "same Protocol, FrontendPort and FrontendIPConfiguration.",
                )
        return accepted


class Interfaces(NetworkResource):
    """https://learn.microsoft.com/rest/api/virtualnetwork/network-interfaces"""

    name = INTERFACES
    in_use = "NicInUse"

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Each configuration has an address of its subnet; the hardware address stays for life."""
        accepted = super().accept(azure, put)
        configurations = with_ids(put.id.text, "ipConfigurations", put.properties.get("ipConfigurations"))
        if not configurations:
            raise bad_request("InvalidRequestFormat", "Cannot parse the request: ipConfigurations is required.")
        known = put.existing.properties if put.existing else {}
        return accepted.with_properties(
            ipConfigurations=_addressed(azure, put, configurations, "ipConfigurations"),
            macAddress=known.get("macAddress") or _hardware_address(put.id.key),
            resourceGuid=known.get("resourceGuid") or str(uuid.uuid4()),
        )

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the machine it belongs to."""
        shown = super().view(azure, resource)
        machines = [user for user in azure.store.mentioning(resource.id) if user.type == MACHINES]
        if not machines:
            return shown
        return {**shown, "properties": {**resource.properties, "virtualMachine": {"id": machines[0].id}}}


def _addressed(azure: Azure, put: Put, parts: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    known = put.existing.properties.get(kind, []) if put.existing else []
    addresses = {part["name"]: part["properties"].get("privateIPAddress", "") for part in known}
    return [
        {**part, "properties": private_address(azure, put.id, part, addresses.get(part["name"], ""))} for part in parts
    ]


def _front(properties: Mapping[str, Any]) -> tuple[Any, ...]:
    front = str((properties.get("frontendIPConfiguration") or {}).get("id", "")).lower()
    return front, properties.get("frontendPort"), str(properties.get("protocol", "")).lower()


def _hardware_address(key: str) -> str:
    """Of Microsoft's range, the same for the same ID."""
    return "-".join(("00", "0D", "3A", *(f"{byte:02X}" for byte in uuid.uuid5(uuid.NAMESPACE_URL, key).bytes[:3])))
