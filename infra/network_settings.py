"""Where nodes, API server, pods and Services have their addresses, and how traffic leaves."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Literal

from infra import address_plan
from infra.aks_values import PeerRanges
from infra.arm_ids import SubnetId
from infra.problems import Problem
from infra.setting_group import SettingGroup, config_key
from infra.values import ApiServerCidr, Cidr, ServiceCidr


class NetworkSettings(SettingGroup):
    """Address ranges of the cluster and of the networks beside it, and the way out.

    A stack that names two subnets gets no network of its own; the ranges of that network are then for its owner to
    plan, and are checked here as far as `peer_cidrs` names them.
    """

    vnet_cidr: Cidr = IPv4Network("10.224.0.0/16")
    nodes_subnet_cidr: Cidr = IPv4Network("10.224.0.0/20")
    api_server_subnet_cidr: ApiServerCidr = IPv4Network("10.224.16.0/28")
    endpoints_subnet_cidr: Cidr = IPv4Network("10.224.17.0/24")
    pod_cidr: Cidr = IPv4Network("10.244.0.0/16")
    service_cidr: ServiceCidr = IPv4Network("10.0.0.0/16")
    peer_cidrs: PeerRanges = ()
    nodes_subnet_id: SubnetId | None = None
    api_server_subnet_id: SubnetId | None = None
    egress: Literal["natGateway", "userDefinedRouting"] = "natGateway"

    @property
    def given(self) -> tuple[str, str] | None:
        """The ids of the nodes' and the API server's subnet, where somebody else owns the network."""
        if self.nodes_subnet_id and self.api_server_subnet_id:
            return self.nodes_subnet_id, self.api_server_subnet_id
        return None

    def problems(self) -> Iterator[Problem]:
        """Ranges that overlap, lie outside their network, or that AKS keeps for itself; half a network of one's own."""
        vnet = config_key("vnet_cidr")
        inside = ["nodes_subnet_cidr", "api_server_subnet_cidr", "endpoints_subnet_cidr"]
        apart = ["pod_cidr", "service_cidr"]
        fields = apart if self.nodes_subnet_id else ["vnet_cidr", *inside, *apart]
        ranges = {config_key(field): getattr(self, field) for field in fields}
        subnets = {config_key(field): vnet for field in inside if field in fields}
        peers = {f"{config_key('peer_cidrs')}[{number}]": each for number, each in enumerate(self.peer_cidrs)}
        yield from address_plan.problems(ranges, subnets, peers)
        yield from self._half_given()

    def too_small_for(self, nodes: int) -> Iterator[Problem]:
        """Ranges that have no room for a number of nodes."""
        if not self.nodes_subnet_id:
            yield from address_plan.subnet_too_small(config_key("nodes_subnet_cidr"), self.nodes_subnet_cidr, nodes)
        yield from address_plan.pods_too_few(config_key("pod_cidr"), self.pod_cidr, nodes)

    def _half_given(self) -> Iterator[Problem]:
        one, other = config_key("nodes_subnet_id"), config_key("api_server_subnet_id")
        if bool(self.nodes_subnet_id) != bool(self.api_server_subnet_id):
            key, missing = (one, other) if self.nodes_subnet_id else (other, one)
            yield Problem(key, self.nodes_subnet_id or self.api_server_subnet_id, f"needs {missing}", "Set both")
        if self.egress == "userDefinedRouting" and not self.nodes_subnet_id:
            mend = f"Set {one}, or leave the way out to a NAT gateway"
            yield Problem(config_key("egress"), self.egress, "needs a subnet whose route table leads somewhere", mend)
