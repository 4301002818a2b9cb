"""The virtual network of the management cluster and its subnets."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import network

from infra import naming
from infra.settings import NetworkSettings


class Network(pulumi.ComponentResource):
    """A virtual network with one subnet for the nodes; pods have an overlay range of their own.

    Attributes:
        nodes_subnet_id: ARM id of the subnet.
    """

    nodes_subnet_id: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        location: str,
        resource_group: pulumi.Input[str],
        ranges: NetworkSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:azure:Network", resource_name, None, opts)
        virtual_network = network.VirtualNetwork(
            "network",
            virtual_network_name=naming.virtual_network(name),
            resource_group_name=resource_group,
            location=location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(ranges.vnet_cidr)]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        nodes = network.Subnet(
            "nodes",
            subnet_name=naming.subnet(name, "nodes"),
            resource_group_name=resource_group,
            virtual_network_name=virtual_network.name,
            address_prefix=str(ranges.nodes_subnet_cidr),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.nodes_subnet_id = nodes.id
        self.register_outputs({"nodes_subnet_id": self.nodes_subnet_id})
