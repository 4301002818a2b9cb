"""How pods and Services are networked: Azure CNI overlay with Cilium, and the way out."""

from __future__ import annotations

from typing import Final

from pulumi_azure_native import containerservice as aks

from infra.address_plan import dns_service_ip
from infra.network_settings import NetworkSettings

OUTBOUND: Final = {
    "natGateway": aks.OutboundType.USER_ASSIGNED_NAT_GATEWAY,
    "userDefinedRouting": aks.OutboundType.USER_DEFINED_ROUTING,
}
"""https://learn.microsoft.com/azure/aks/egress-outboundtype"""


def network_profile(ranges: NetworkSettings) -> aks.ContainerServiceNetworkProfileArgs:
    """https://learn.microsoft.com/azure/aks/azure-cni-overlay"""
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin=aks.NetworkPlugin.AZURE,
        network_plugin_mode=aks.NetworkPluginMode.OVERLAY,
        network_dataplane=aks.NetworkDataplane.CILIUM,
        network_policy=aks.NetworkPolicy.CILIUM,
        pod_cidr=str(ranges.pod_cidr),
        service_cidr=str(ranges.service_cidr),
        dns_service_ip=dns_service_ip(ranges.service_cidr),
        outbound_type=OUTBOUND[ranges.egress],
        load_balancer_sku=aks.LoadBalancerSku.STANDARD,
    )
