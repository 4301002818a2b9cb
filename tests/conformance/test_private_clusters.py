"""Private API servers and their DNS zones, support plans, and the tags of what AKS makes, by Microsoft's clients."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.privatedns import PrivateDnsManagementClient

from tests.conformance.running import Running, words
from tests.conformance.test_managed_clusters import CLUSTER, POOL
from tests.conformance.test_roles import assignment

PLACE = {"location": "northeurope"}
NETWORK_CONTRIBUTOR, ZONE_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7", "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
DELEGATION = {"name": "aks", "service_name": "Microsoft.ContainerService/managedClusters"}


def private(**access: Any) -> dict[str, Any]:
    return {**CLUSTER, "api_server_access_profile": {"enable_private_cluster": True, **access}}


@pytest.mark.parametrize(
    ("zone", "shown", "name"),
    [(None, "system", r"mc-\w+\.[\w-]+\.privatelink\.northeurope\.azmk8s\.io"), ("None", "none", None)],
)
def test_a_private_api_server_has_a_name_in_a_zone_of_its_own_or_in_none(
    aks: Any, group: str, zone: str | None, shown: str, name: str | None
) -> None:
    made = aks.managed_clusters.begin_create_or_update(group, "mc", private(private_dns_zone=zone)).result()
    assert made.api_server_access_profile.private_dns_zone == shown
    if name is None:
        assert made.private_fqdn is None
    else:
        assert re.fullmatch(name, made.private_fqdn)


def test_the_zone_of_a_private_api_server_changes_to_none_only(aks: Any, group: str) -> None:
    aks.managed_clusters.begin_create_or_update(group, "mc", private()).result()
    made = aks.managed_clusters.begin_create_or_update(group, "mc", private(private_dns_zone="none")).result()
    assert (made.api_server_access_profile.private_dns_zone, made.private_fqdn) == ("none", None)
    with pytest.raises(HttpResponseError) as refused:
        aks.managed_clusters.begin_create_or_update(group, "mc", private(private_dns_zone="system"))
    assert words(refused).code == "PropertyChangeNotAllowed"


def test_a_public_api_server_has_no_private_zone(aks: Any, group: str) -> None:
    body = {**CLUSTER, "api_server_access_profile": {"private_dns_zone": "none"}}
    with pytest.raises(HttpResponseError, match="for private clusters only"):
        aks.managed_clusters.begin_create_or_update(group, "mc", body)


class Hub:
    """A network with its subnets, a cluster's identity, and the clients that make zones and rights."""

    def __init__(self, azure: Running, network: Any, identities: Any, roles: Any, group: str) -> None:
        self._zones, self._roles, self._group = azure.client(PrivateDnsManagementClient).private_zones, roles, group
        space = {**PLACE, "address_space": {"address_prefixes": ["10.9.0.0/16"]}}
        self.network = network.virtual_networks.begin_create_or_update(group, "v", space).result().id
        make = network.subnets.begin_create_or_update
        self.nodes = make(group, "v", "nodes", {"address_prefix": "10.9.0.0/24"}).result().id
        asked = {"address_prefix": "10.9.1.0/28", "delegations": [DELEGATION]}
        self.api_server = make(group, "v", "api-server", asked).result().id
        self.owner = identities.user_assigned_identities.create_or_update(group, "owner", PLACE)

    def zone(self, name: str) -> str:
        """The id of a new private DNS zone."""
        return str(self._zones.begin_create_or_update(self._group, name, {"location": "global"}).result().id)

    def let(self, role: str, on: str) -> None:
        """Give the cluster's identity a role."""
        self._roles.role_assignments.create(on, str(uuid.uuid4()), assignment(self.owner.principal_id, role))

    def cluster(self, zone: str) -> dict[str, Any]:
        """A private cluster in this network with its name in a zone."""
        access = {"enable_vnet_integration": True, "subnet_id": self.api_server, "private_dns_zone": zone}
        return {
            **private(**access),
            "identity": {"type": "UserAssigned", "user_assigned_identities": {self.owner.id: {}}},
            "agent_pool_profiles": [{**POOL, "vnet_subnet_id": self.nodes}],
            "network_profile": {"network_plugin": "azure", "service_cidr": "10.0.0.0/16"},
        }


@pytest.fixture
def hub(azure: Running, network: Any, identities: Any, roles: Any, group: str) -> Hub:
    return Hub(azure, network, identities, roles, group)


def test_a_zone_of_somebody_elses_wants_rights_there_and_on_the_network(hub: Hub, aks: Any, group: str) -> None:
    zone = hub.zone("hub.private.northeurope.azmk8s.io")
    create = aks.managed_clusters.begin_create_or_update
    with pytest.raises(HttpResponseError) as refused:
        create(group, "mc", hub.cluster(zone))
    assert words(refused).code == "CustomPrivateDNSZoneMissingPermissionError"
    assert "not allowed for action Microsoft.Network/privateDnsZones/read" in words(refused).message
    hub.let(ZONE_CONTRIBUTOR, zone)
    with pytest.raises(HttpResponseError) as refused:
        create(group, "mc", hub.cluster(zone))
    assert words(refused).code == "LinkedAuthorizationFailed"
    assert "'Microsoft.Network/virtualNetworks/join/action'" in words(refused).message
    hub.let(NETWORK_CONTRIBUTOR, hub.network)
    made = create(group, "mc", hub.cluster(zone)).result()
    assert made.api_server_access_profile.private_dns_zone == zone
    assert made.private_fqdn.endswith(".hub.private.northeurope.azmk8s.io")


@pytest.mark.parametrize("name", ["privatelink.northeurope.azmk8s.io", "private.westeurope.azmk8s.io"])
def test_a_zone_is_named_after_the_region_and_the_way_in(hub: Hub, aks: Any, group: str, name: str) -> None:
    zone = hub.zone(name)
    with pytest.raises(HttpResponseError, match=r"not named private\.northeurope\.azmk8s\.io"):
        aks.managed_clusters.begin_create_or_update(group, "mc", hub.cluster(zone))


def test_long_term_support_is_of_the_premium_tier(aks: Any, group: str) -> None:
    body = {**CLUSTER, "support_plan": "AKSLongTermSupport"}
    with pytest.raises(HttpResponseError, match="needs the tier Premium"):
        aks.managed_clusters.begin_create_or_update(group, "mc", {**body, "sku": {"name": "Base", "tier": "Standard"}})
    made = aks.managed_clusters.begin_create_or_update(
        group, "mc", {**body, "sku": {"name": "Base", "tier": "Premium"}}
    ).result()
    assert made.support_plan == "AKSLongTermSupport"


def test_the_node_resource_group_has_the_tags_of_its_cluster(aks: Any, resources: Any, group: str) -> None:
    body = {**CLUSTER, "node_resource_group": f"{group}-nodes"[:80]}
    for tags in ({"costCenter": "42"}, {"costCenter": "43", "owner": "platform"}):
        made = aks.managed_clusters.begin_create_or_update(group, "mc", {**body, "tags": tags}).result()
        assert resources.resource_groups.get(made.node_resource_group).tags == tags
