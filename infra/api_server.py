"""Who reaches the API server, and in which DNS zone a private one has its name.

https://learn.microsoft.com/azure/aks/api-server-vnet-integration
https://learn.microsoft.com/azure/aks/private-clusters#configuration-options-for-private-dns
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.access import Role
from infra.aks_settings import AksSettings
from infra.arm_ids import subscription_of
from infra.network import Network


class Right(NamedTuple):
    """What the control plane's identity needs before there is a cluster.

    Attributes:
        on: scope, an ARM id.
        where: tells scopes of the same role apart.
        subscription: in which the role's definition is looked up.
    """

    role: Role
    on: pulumi.Input[str]
    where: str
    subscription: str


def access(settings: AksSettings, network: Network) -> aks.ManagedClusterAPIServerAccessProfileArgs:
    """Nodes reach it in their own network, others by the ranges the stack names, or not at all.

    https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
    """
    ranges = [str(each) for each in settings.authorized_ip_ranges]
    return aks.ManagedClusterAPIServerAccessProfileArgs(
        enable_vnet_integration=True,
        subnet_id=network.api_server_subnet_id,
        enable_private_cluster=settings.private_api_server,
        private_dns_zone=settings.private_dns_zone if settings.private_api_server else None,
        authorized_ip_ranges=ranges or None,
    )


def zone_rights(settings: AksSettings, network: Network, subscription_id: str) -> Iterator[Right]:
    """In a zone of somebody else's AKS writes the cluster's record, and links the zone with the cluster's network."""
    if zone := settings.own_dns_zone:
        yield Right(Role.PRIVATE_DNS_ZONE_CONTRIBUTOR, zone, "", subscription_of(zone))
        yield Right(Role.NETWORK_CONTRIBUTOR, network.id, "network", subscription_id)
