"""What a cluster and its pools may be asked to be, and what is read from Azure's names."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from local_azure.clusters.spec import ClusterSpec
from local_azure.errors import LocalAzureError

SPEC = ClusterSpec(
    resource_id="/subscriptions/11/resourceGroups/fleet/providers/Microsoft.ContainerService/managedClusters/One",
    name="One",
    tenant_id="22",
    issuer_url="https://swedencentral.oic.prod-aks.azure.com/22/33/",
    fqdn="one-abc.hcp.swedencentral.azmk8s.io",
    kubernetes_version="1.36.3",
    node_resource_group="MC_fleet_One",
)


def test_parts_of_azure_names_are_found() -> None:
    assert (SPEC.subscription_id, SPEC.resource_group, SPEC.region) == ("11", "fleet", "swedencentral")


def test_a_resource_id_identifies_a_cluster_without_regard_to_case() -> None:
    assert replace(SPEC, resource_id=SPEC.resource_id.upper()).key == SPEC.key


def test_each_node_has_its_own_pod_network() -> None:
    assert [SPEC.pod_network(node) for node in (0, 1, 255)] == [
        IPv4Network("10.244.0.0/24"),
        IPv4Network("10.244.1.0/24"),
        IPv4Network("10.244.255.0/24"),
    ]


def test_a_node_too_many_for_the_pod_network_is_refused() -> None:
    with pytest.raises(LocalAzureError, match="no room for node 5"):
        replace(SPEC, pod_cidr="10.244.0.0/22").pod_network(4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pod_cidr": "10.0.128.0/17"}, "overlap"),
        ({"dns_service_ip": "10.1.0.10"}, "is not in 10.0.0.0/16"),
        ({"pod_cidr": "10.244.0.0/25"}, "smaller than one node's"),
    ],
)
def test_networks_that_cannot_work_are_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(LocalAzureError, match=message):
        replace(SPEC, **change)  # type: ignore[arg-type]
