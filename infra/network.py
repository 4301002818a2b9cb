"""The virtual network of the management cluster, its subnets, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any, Final

import pulumi
from pulumi_azure_native import network

from infra import naming
from infra.aks_settings import AksSettings
from infra.network_settings import NetworkSettings
from infra.security_rules import rules_of_api_server

TO_AKS: Final = network.DelegationArgs(name="aks", service_name="Microsoft.ContainerService/managedClusters")
"""Azure then lets AKS put the API server into a subnet, and nothing else:
https://learn.microsoft.com/azure/aks/api-server-vnet-integration"""


class Network(pulumi.ComponentResource):
    """The subnets of nodes and API server: the stack's own behind a NAT gateway, or those of somebody else's network.

    Pods have an overlay range, which is in no network.

    Attributes:
        id, nodes_subnet_id, api_server_subnet_id: ARM ids of the network and of two of its subnets.
        egress_address: the public address of the NAT gateway; empty in somebody else's network.
        egress_id: its ARM id; None there.
    """

    id: pulumi.Output[str]
    nodes_subnet_id: pulumi.Output[str]
    api_server_subnet_id: pulumi.Output[str]
    egress_address: pulumi.Output[str]
    egress_id: pulumi.Output[str] | None = None

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        location: str,
        resource_group: pulumi.Input[str],
        settings: NetworkSettings,
        aks: AksSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:azure:Network", resource_name, None, opts)
        self._name = name
        self._place: dict[str, Any] = {"resource_group_name": resource_group, "location": location}
        if settings.given:
            nodes, api_server = settings.given
            self.id = pulumi.Output.from_input(nodes.rpartition("/subnets/")[0])
            self.nodes_subnet_id, self.api_server_subnet_id = (
                pulumi.Output.from_input(nodes),
                pulumi.Output.from_input(api_server),
            )
            self.egress_address = pulumi.Output.from_input("")
        else:
            self._own(settings, aks)
        self.register_outputs({"nodes_subnet_id": self.nodes_subnet_id, "egress_address": self.egress_address})

    def _own(self, settings: NetworkSettings, aks: AksSettings) -> None:
        virtual_network = network.VirtualNetwork(
            "network",
            **self._place,
            virtual_network_name=naming.virtual_network(self._name),
            address_space=network.AddressSpaceArgs(address_prefixes=[str(settings.vnet_cidr)]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        gateway = self._nat_gateway(aks.zones)
        nodes = self._subnet(
            "nodes",
            settings.nodes_subnet_cidr,
            virtual_network,
            nat_gateway=network.SubResourceArgs(id=gateway.id),
            default_outbound_access=False,
        )
        # Azure refuses two writes at a time in one network.
        api_server = self._subnet(
            "api-server",
            settings.api_server_subnet_cidr,
            virtual_network,
            rules=rules_of_api_server(aks),
            delegations=[TO_AKS],
            after=nodes,
        )
        self._subnet(
            "endpoints",
            settings.endpoints_subnet_cidr,
            virtual_network,
            default_outbound_access=False,
            # Without this the group says nothing about private endpoints.
            private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.NETWORK_SECURITY_GROUP_ENABLED,
            after=api_server,
        )
        self.id, self.nodes_subnet_id, self.api_server_subnet_id = virtual_network.id, nodes.id, api_server.id

    def _subnet(
        self,
        purpose: str,
        cidr: IPv4Network,
        inside: network.VirtualNetwork,
        *,
        rules: Sequence[network.SecurityRuleArgs] | None = None,
        after: pulumi.Resource | None = None,
        **more: Any,
    ) -> network.Subnet:
        group = network.NetworkSecurityGroup(
            f"{purpose}-security",
            **self._place,
            network_security_group_name=naming.security_group(self._name, purpose),
            security_rules=rules,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return network.Subnet(
            purpose,
            subnet_name=naming.subnet(self._name, purpose),
            resource_group_name=self._place["resource_group_name"],
            virtual_network_name=inside.name,
            address_prefix=str(cidr),
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
            **more,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after] if after else None),
        )

    def _nat_gateway(self, zones: Sequence[str]) -> network.NatGateway:
        """One address that all traffic leaves by, for other people's firewalls to know.

        The address is in all zones; the gateway names none. With one it would be in that zone only, and no better off
        than in the one that Azure chooses; a gateway for each zone takes a subnet and a pool for each, and as many
        addresses. https://learn.microsoft.com/azure/reliability/reliability-nat-gateway
        """
        address = network.PublicIPAddress(
            "egress",
            **self._place,
            public_ip_address_name=naming.public_address(self._name, "egress"),
            sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
            public_ip_allocation_method=network.IPAllocationMethod.STATIC,
            zones=list(zones) or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.egress_id = address.id
        self.egress_address = address.ip_address.apply(lambda found: found or "")
        return network.NatGateway(
            "nat-gateway",
            **self._place,
            nat_gateway_name=naming.nat_gateway(self._name),
            sku=network.NatGatewaySkuArgs(name=network.NatGatewaySkuName.STANDARD),
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            opts=pulumi.ResourceOptions(parent=self),
        )
