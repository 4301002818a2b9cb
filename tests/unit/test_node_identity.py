"""Nodes look in the Kubernetes API as AKS's do."""

from __future__ import annotations

from typing import Any

from local_azure.clusters import node_identity
from local_azure.clusters.records import ClusterRecord
from local_azure.clusters.spec import PoolSpec
from tests.unit.test_cluster_spec import SPEC

POOL = PoolSpec(
    "user", 3, mode="User", labels={"team": "a"}, taints=["sku=gpu:NoSchedule", "spot:NoExecute"], zones=["1", "2"]
)
RECORD = ClusterRecord(1, SPEC).with_pool(POOL)


def registered() -> dict[str, Any]:
    """The first node as it enters the cluster."""
    return node_identity.registration(RECORD, RECORD.nodes[0])


def test_cluster_api_finds_a_node_by_its_labels_and_provider_id() -> None:
    labels = registered()["metadata"]["labels"]
    assert labels["kubernetes.azure.com/agentpool"] == "user"
    assert labels["kubernetes.azure.com/cluster"] == "MC_fleet_One"
    assert labels["kubernetes.azure.com/mode"] == "user"
    assert registered()["spec"]["providerID"].startswith(
        "azure:///subscriptions/11/resourceGroups/MC_fleet_One"
        "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-user-"
    )
    assert registered()["spec"]["providerID"].endswith("-vmss/virtualMachines/0")


def test_nodes_are_spread_over_the_zones() -> None:
    zones = [node_identity.labels(RECORD, node)["topology.kubernetes.io/zone"] for node in RECORD.nodes_of("user")]
    assert zones == ["swedencentral-1", "swedencentral-2", "swedencentral-1"]


def test_without_zones_the_zone_is_0_as_in_azure() -> None:
    record = ClusterRecord(1, SPEC).with_pool(PoolSpec("system", 1))
    assert node_identity.labels(record, record.nodes[0])["topology.kubernetes.io/zone"] == "0"


def test_taints_are_read_as_aks_writes_them() -> None:
    assert node_identity.taints(POOL) == [
        {"key": "sku", "value": "gpu", "effect": "NoSchedule"},
        {"key": "spot", "effect": "NoExecute"},
    ]


def test_a_label_dropped_from_the_pool_is_taken_off_its_nodes() -> None:
    node = registered()
    record = RECORD.with_pool(PoolSpec("user", 3, mode="User", labels={"stage": "b"}))
    node_identity.converge(node, record, record.nodes[0])
    assert "team" not in node["metadata"]["labels"]
    assert node["metadata"]["labels"]["stage"] == "b"


def test_what_others_put_on_a_node_stays() -> None:
    node = registered()
    node["metadata"]["labels"]["by-hand"] = "yes"
    node["spec"]["taints"].append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})
    record = RECORD.with_pool(PoolSpec("user", 3, mode="User"))
    node_identity.converge(node, record, record.nodes[0])
    assert node["metadata"]["labels"]["by-hand"] == "yes"
    assert node["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


def test_converging_twice_changes_nothing_more() -> None:
    once, twice = registered(), registered()
    node_identity.converge(twice, RECORD, RECORD.nodes[0])
    assert once == twice
