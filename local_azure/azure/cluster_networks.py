"""Rules of AKS about the networks of a managed cluster: its own ranges, the subnets it is put into, the way out."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

from local_azure.azure.errors import bad_request
from local_azure.azure.network_rules import SUBNETS
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

WRITE = "Microsoft.ContainerService/managedClusters/write"
DELEGATED = "Microsoft.ContainerService/managedClusters"
SMALLEST_API_SERVER_SUBNET = 28
WAYS_OUT: Final[Mapping[str, tuple[str, str, str]]] = {
    "userDefinedRouting": (
        "routeTable",
        "ExistingRouteTableNotAssociatedWithSubnet",
        "An existing route table has not been associated with subnet",
    ),
    "userAssignedNATGateway": ("natGateway", "BadRequest", "No NAT gateway has been associated with subnet"),
}
"""What the nodes' subnet must have for a type of egress, and the error without:
https://learn.microsoft.com/azure/aks/egress-outboundtype"""


def check(azure: Azure, put: Put, properties: Mapping[str, Any]) -> None:
    """Raise ArmError unless the subnets of pools and API server are there, fit, and may be joined."""
    profile = properties["networkProfile"]
    for pool in put.properties.get("agentPoolProfiles") or ():
        subnet = check_linked_subnet(azure, put, pool.get("vnetSubnetID"))
        if subnet is not None:
            _check_apart(azure, subnet, profile)
            _check_way_out(subnet, profile.get("outboundType", ""))
    access = properties.get("apiServerAccessProfile") or {}
    pools = put.properties.get("agentPoolProfiles") or ()
    if access.get("enableVnetIntegration") and any(pool.get("vnetSubnetID") for pool in pools):
        _check_api_server(azure, put, access.get("subnetId"))


def check_profile(profile: Mapping[str, Any]) -> None:
    """Raise ArmError unless plug-in and CIDRs fit together: https://learn.microsoft.com/azure/aks/azure-cni-overlay"""
    plugin, mode = profile.get("networkPlugin"), profile.get("networkPluginMode")
    if (mode == "overlay" or profile.get("networkDataplane") == "cilium") and plugin != "azure":
        raise bad_request(
            "InvalidParameter",
            "Network plugin mode overlay and the cilium dataplane require network plugin azure.",
            "networkProfile",
        )
    try:
        services = ip_network(profile["serviceCidr"])
        pods = ip_network(profile["podCidr"]) if profile.get("podCidr") else None
        dns = ip_address(profile["dnsServiceIP"])
    except ValueError as error:
        raise bad_request("InvalidCIDR", f"The network profile is invalid: {error}.", "networkProfile") from None
    if pods is not None and services.overlaps(pods):
        raise bad_request(
            "ServiceCidrOverlapPodCidr",
            f"The service CIDR {services} overlaps with the pod CIDR {pods}.",
            "networkProfile.serviceCidr",
        )
    if dns not in services or dns in (services[0], services[1]):
        raise bad_request(
            "InvalidDnsServiceIP",
            f"The DNS service IP {dns} must be in the service CIDR {services}, and not its first or second address.",
            "networkProfile.dnsServiceIP",
        )


def check_linked_subnet(azure: Azure, put: Put, subnet: str | None) -> Resource | None:
    """Raise ArmError unless the subnet exists, is for virtual machines, and the caller may join it."""
    if not subnet:
        return None
    found = azure.store.get(subnet)
    if found is None:
        raise bad_request(
            "VnetSubnetIDNotFound", f"The vnet subnet {subnet} was not found.", "agentPoolProfile.vnetSubnetID"
        )
    if found.properties.get("delegations"):
        raise bad_request(
            "SubnetIsDelegated",
            f"AgentPoolProfile.VnetSubnetID {subnet} cannot be used as it's a delegated subnet. Please check "
            "https://aka.ms/adv-network-prerequest for more details.",
            "agentPoolProfile.vnetSubnetID",
        )
    require_linked(azure, put, subnet, f"{SUBNETS}/join/action")
    return found


def require_linked(azure: Azure, put: Put, linked: str, action: str) -> None:
    """Raise ArmError unless the caller may do `action` on a resource that the cluster refers to."""
    azure.access.require_linked(put.call.caller, WRITE, put.id.text, linked=linked, needed=action)


def _check_apart(azure: Azure, subnet: Resource, profile: Mapping[str, Any]) -> None:
    """Services are apart from all subnets of the network, or addresses would mean two things."""
    services = ip_network(profile["serviceCidr"])
    for other in azure.store.below(subnet.id.rsplit("/", 2)[0], SUBNETS):
        for prefix in _prefixes(other):
            if ip_network(prefix).overlaps(services):
                raise bad_request(
                    "ServiceCidrOverlapExistingSubnetsCidr",
                    f"The specified service CIDR {services} is conflicted with an existing subnet CIDR {prefix}",
                    "networkProfile.serviceCIDR",
                )


def _check_way_out(subnet: Resource, outbound: str) -> None:
    if outbound in WAYS_OUT:
        has, code, words = WAYS_OUT[outbound]
        if not (subnet.properties.get(has) or {}).get("id"):
            raise bad_request(code, f"{words} {subnet.id}.", "networkProfile.outboundType")


def _check_api_server(azure: Azure, put: Put, identifier: str | None) -> None:
    """https://learn.microsoft.com/azure/aks/api-server-vnet-integration"""
    target = "apiServerAccessProfile.subnetId"
    if not identifier:
        raise bad_request(
            "BadRequest",
            f"{target} should not be empty when using custom vnet with apiserverVnetIntegration",
            target,
        )
    subnet = azure.store.get(identifier)
    if subnet is None:
        raise bad_request("VnetSubnetIDNotFound", f"The vnet subnet {identifier} was not found.", target)
    services = [each.get("properties", {}).get("serviceName") for each in subnet.properties.get("delegations") or ()]
    if DELEGATED not in services:
        raise bad_request("BadRequest", f"The subnet {identifier} is not delegated to {DELEGATED}.", target)
    if any(ip_network(prefix).prefixlen > SMALLEST_API_SERVER_SUBNET for prefix in _prefixes(subnet)):
        raise bad_request(
            "BadRequest", f"The subnet {identifier} is smaller than /{SMALLEST_API_SERVER_SUBNET}.", target
        )
    require_linked(azure, put, identifier, f"{SUBNETS}/join/action")


def _prefixes(subnet: Resource) -> list[str]:
    properties = subnet.properties
    return [each for each in properties.get("addressPrefixes") or [properties.get("addressPrefix")] if each]
