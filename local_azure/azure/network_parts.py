"""Resources with named parts inside, such as a load balancer's front ends, and the addresses Azure hands out.

A part has an ID of its own that others refer to, though it is written with the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Any

from local_azure.azure.errors import bad_request
from local_azure.azure.identifiers import ResourceId, parse
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

RESERVED = 4
"""Addresses at the beginning of a subnet that are Azure's own; the last one is too.
https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq"""

PUBLIC = IPv4Network("198.18.0.0/15")
"""Set aside for benchmarks (RFC 2544): leads nowhere, and is nobody's."""


def exists(azure: Azure, reference: str) -> bool:
    """Whether an ID names a resource, or a part written inside one."""
    if azure.store.get(reference) is not None:
        return True
    part = parse(reference)
    whole = azure.store.get(part.parent.text) if part is not None and part.parent is not None else None
    if part is None or whole is None:
        return False
    inside = whole.properties.get(part.types[-1]) or []
    return any(item.get("name", "").lower() == part.name.lower() for item in inside)


def with_ids(owner: str, kind: str, parts: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Parts of `kind` as they are shown: each with its ID and state."""
    return [
        {
            **part,
            "id": f"{owner}/{kind}/{part.get('name', '')}",
            "properties": {**(part.get("properties") or {}), "provisioningState": "Succeeded"},
        }
        for part in parts or ()
    ]


def private_address(azure: Azure, owner: ResourceId, configuration: Mapping[str, Any], known: str) -> dict[str, Any]:
    """An IP configuration's properties with an address in its subnet: the one asked for, the known one, or a free one.

    Raises ArmError when the subnet has not got it.
    """
    properties = dict(configuration.get("properties") or {})
    subnet = (properties.get("subnet") or {}).get("id", "")
    found = azure.store.get(subnet)
    if found is None or properties.get("privateIPAddressVersion") == "IPv6":
        return properties
    space = _prefixes(found)
    asked = properties.get("privateIPAddress") if properties.get("privateIPAllocationMethod") == "Static" else None
    taken = _taken(azure, found, owner)
    if asked:
        _check_asked(asked, space, taken, found)
    address = asked or (known if known and known not in taken else _free(space, taken, found))
    method = properties.get("privateIPAllocationMethod") or "Dynamic"
    return {
        "privateIPAddressVersion": "IPv4",
        **properties,
        "privateIPAllocationMethod": method,
        "privateIPAddress": address,
    }


def public_address(azure: Azure, kind: str) -> str:
    """A public address nobody has."""
    taken = {found.properties.get("ipAddress") for found in azure.store.of_type(kind)}
    return next(str(address) for address in PUBLIC.hosts() if str(address) not in taken)


def _prefixes(subnet: Resource) -> list[IPv4Network]:
    properties = subnet.properties
    prefixes = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    networks = [ip_network(prefix) for prefix in prefixes if prefix]
    return [network for network in networks if isinstance(network, IPv4Network)]


def _taken(azure: Azure, subnet: Resource, owner: ResourceId) -> set[str]:
    """Addresses that other resources have in a subnet."""
    taken: set[str] = set()
    for user in azure.store.mentioning(subnet.id):
        if user.key == owner.key:
            continue
        for kind in ("ipConfigurations", "frontendIPConfigurations"):
            for configuration in user.properties.get(kind) or ():
                properties = configuration.get("properties") or {}
                if str((properties.get("subnet") or {}).get("id", "")).lower() == subnet.key:
                    taken.add(str(properties.get("privateIPAddress", "")))
    return taken


def _check_asked(asked: str, space: list[IPv4Network], taken: set[str], subnet: Resource) -> None:
    address = ip_address(asked)
    if not any(address in network for network in space):
        raise bad_request(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {asked} does not belong to the range of subnet prefix "
            f"{', '.join(map(str, space))}.",
        )
    if asked in taken:
        raise bad_request(
            "PrivateIPAddressIsAllocated", f"IP address {asked} in subnet {subnet.id} is already allocated."
        )


def _free(space: list[IPv4Network], taken: set[str], subnet: Resource) -> str:
    for network in space:
        for number in range(int(network.network_address) + RESERVED, int(network.broadcast_address)):
            if str(IPv4Address(number)) not in taken:
                return str(IPv4Address(number))
    raise bad_request(
        "SubnetIsFull",
        f"Subnet {subnet.name} with address prefix {', '.join(map(str, space))} does not have enough capacity for 1 "
        "IP addresses.",
    )
