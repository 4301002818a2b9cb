"""Rules of Microsoft.Network about address ranges and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from local_azure.azure.errors import bad_request
from local_azure.azure.store import Resource

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"


def check_subnets(owner: str, space: list[IPv4Network | IPv6Network], subnets: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ArmError unless all subnets lie in the address space and none overlaps another."""
    taken: list[IPv4Network | IPv6Network] = []
    for name, properties in subnets.items():
        prefixes = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
        for prefix in filter(None, prefixes):
            own = network(prefix, name, "subnet")
            if not any(own.version == outer.version and own.subnet_of(outer) for outer in space):  # type: ignore[arg-type]
                raise bad_request(
                    "NetcfgSubnetRangeOutsideVnet",
                    f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of "
                    f"virtual network '{owner}'.",
                )
            if any(own.version == other.version and own.overlaps(other) for other in taken):
                raise bad_request(
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing "
                    f"subnet in virtual network '{owner}'.",
                )
            taken.append(own)
        if not any(prefixes):
            raise bad_request(
                "InvalidRequestFormat", f"Cannot parse the request: subnet '{name}' has no addressPrefix."
            )


def network(prefix: str, name: str, what: str) -> IPv4Network | IPv6Network:
    """The network `prefix` writes; raises ArmError, naming the resource, when it writes none."""
    try:
        return ip_network(prefix)
    except ValueError:
        raise bad_request(
            "InvalidCIDRNotation",
            f"The address prefix {prefix} in resource {name} ({what}) has an invalid CIDR notation.",
        ) from None


def references(value: Any) -> Iterator[str]:
    """Resource IDs that a body refers to, as `{"id": …}`."""
    if isinstance(value, dict):
        reference = value.get("id")
        if isinstance(reference, str) and reference.lower().startswith("/subscriptions/") and len(value) == 1:
            yield reference
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def in_use_words(resource: Resource, user: Resource) -> str:
    """Why a resource cannot be deleted."""
    if resource.type == SUBNETS:
        return (
            f"Subnet {resource.name} is in use by {user.id} and cannot be deleted. In order to delete the subnet, "
            "delete all the resources within the subnet. See aka.ms/deletesubnet."
        )
    return f"{resource.type.rsplit('/', 1)[1]} {resource.id} cannot be deleted because it is in use by {user.id}."
