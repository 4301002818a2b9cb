"""How AKS presents its nodes in the Kubernetes API: labels, taints, provider ID.

https://learn.microsoft.com/azure/aks/use-labels#reserved-system-labels
"""

from __future__ import annotations

from typing import Any

from local_azure.clusters.records import ClusterRecord, NodeRecord
from local_azure.clusters.spec import PoolSpec

OWN_TAINTS = "node.kubernetes.io/"
"""Taints that Kubernetes itself puts on nodes and takes away again."""

POOL_LABELS = "slipway.local/pool-labels"
"""Annotation with the names of the labels that came from the pool, so that one which is dropped can be removed."""


def provider_id(record: ClusterRecord, node: NodeRecord) -> str:
    """Azure's ID of the scale set's instance, as `spec.providerID` has it."""
    spec = record.spec
    return (
        f"azure:///subscriptions/{spec.subscription_id}/resourceGroups/{spec.node_resource_group}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{record.scale_set(node.pool)}"
        f"/virtualMachines/{node.instance}"
    )


def labels(record: ClusterRecord, node: NodeRecord) -> dict[str, str]:
    """All labels of a node but those that the kubelet finds out by itself."""
    spec, pool = record.spec, record.pools[node.pool]
    zone = f"{spec.region}-{pool.zones[node.instance % len(pool.zones)]}" if pool.zones else "0"
    return {
        "agentpool": pool.name,
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/cluster": spec.node_resource_group,
        "kubernetes.azure.com/mode": pool.mode.lower(),
        "kubernetes.azure.com/nodepool-type": "VirtualMachineScaleSets",
        "kubernetes.azure.com/os-sku": pool.os_sku,
        "kubernetes.azure.com/role": "agent",
        "kubernetes.io/role": "agent",
        "node-role.kubernetes.io/agent": "",
        "node.kubernetes.io/instance-type": pool.vm_size,
        "topology.kubernetes.io/region": spec.region,
        "topology.kubernetes.io/zone": zone,
        **pool.labels,
    }


def taints(pool: PoolSpec) -> list[dict[str, str]]:
    """A pool's taints as Kubernetes has them."""
    found = []
    for text in pool.taints:
        key, _, effect = text.rpartition(":")
        key, _, value = key.partition("=")
        found.append({"key": key, "value": value, "effect": effect} if value else {"key": key, "effect": effect})
    return found


def registration(record: ClusterRecord, node: NodeRecord) -> dict[str, Any]:
    """The Node object with which a node enters its cluster.

    The administrator creates it and the kubelet finds it: a kubelet may not give itself labels of kubernetes.io, and
    so the node has its pod network from the first moment.
    """
    pods = str(record.spec.pod_network(node.number))
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": record.node_name(node)},
        "spec": {"providerID": provider_id(record, node), "podCIDR": pods, "podCIDRs": [pods]},
    }
    converge(document, record, node)
    return document


def converge(document: dict[str, Any], record: ClusterRecord, node: NodeRecord) -> None:
    """Give a Node object the labels and taints of its pool; those of others stay."""
    wanted = labels(record, node)
    metadata = document["metadata"]
    annotations = metadata.setdefault("annotations", {})
    dropped = set(annotations.get(POOL_LABELS, "").split()) - set(wanted)
    kept = {name: value for name, value in metadata.get("labels", {}).items() if name not in dropped}
    metadata["labels"] = {**kept, **wanted}
    annotations[POOL_LABELS] = " ".join(sorted(record.pools[node.pool].labels))
    spec = document["spec"]
    foreign = [taint for taint in spec.get("taints", []) if taint["key"].startswith(OWN_TAINTS)]
    if merged := foreign + taints(record.pools[node.pool]):
        spec["taints"] = merged
    else:
        spec.pop("taints", None)
