"""The network security groups of the program's own subnets: what they let in.

Every group has Azure's default rules: in from the network and its peers, and from the load balancer's probes; out to
everywhere; nothing in from the internet. AKS itself puts a group with these on the nodes, they let through all that
nodes, pods of an overlay and an API server in the network need of each other, and no Service of type LoadBalancer that
is public. Groups of nodes and endpoints have no rule of the program's: those that somebody adds stay.
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
https://learn.microsoft.com/azure/aks/api-server-vnet-integration#nsg-security-rules
https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay#network-security-groups
"""

from __future__ import annotations

from typing import Final

from pulumi_azure_native import network

from infra.aks_settings import AksSettings

API_SERVER_PORTS: Final = ("443", "4443")
"""https://learn.microsoft.com/azure/aks/api-server-vnet-integration#nsg-security-rules"""


def rules_of_api_server(settings: AksSettings) -> list[network.SecurityRuleArgs]:
    """Into the API server's subnet: for a public one those who may reach it, for a private one nobody from outside.

    AKS itself keeps out whoever is not in the ranges. The rule only says that this group does not: Azure does not
    document by which way a public API server is reached that is in a network.
    """
    if settings.private_api_server:
        return []
    ranges = [str(each) for each in settings.authorized_ip_ranges]
    return [
        network.SecurityRuleArgs(
            name="api-server-in",
            description="Who reaches the API server from outside: slipway:authorizedIpRanges.",
            priority=100,
            direction=network.SecurityRuleDirection.INBOUND,
            access=network.SecurityRuleAccess.ALLOW,
            protocol=network.SecurityRuleProtocol.TCP,
            source_port_range="*",
            destination_port_ranges=list(API_SERVER_PORTS),
            destination_address_prefix="*",
            source_address_prefixes=ranges or None,
            source_address_prefix=None if ranges else "Internet",
        )
    ]
