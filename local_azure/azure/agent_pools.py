"""Microsoft.ContainerService/managedClusters/agentPools: pools of real nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_azure.azure import cluster_networks, kubernetes_versions
from local_azure.azure.backend import PoolSpec
from local_azure.azure.directory import CLUSTERS
from local_azure.azure.errors import ArmError, bad_request, conflict
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.operations import Operation
from local_azure.azure.resource_type import Put, ResourceType, unchangeable
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

POOLS = f"{CLUSTERS}/agentPools"
NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
REPLACED = {"nodeLabels", "nodeTaints", "tags"}
"""Properties a PUT removes by leaving them out; others keep their value."""
FIXED = ("vmSize", "vnetSubnetID", "osType", "osDiskType", "osDiskSizeGB", "type", "maxPods", "enableEncryptionAtHost")
"""What cannot change in a pool."""
DEFAULTS: Mapping[str, Any] = {
    "count": 1,
    "vmSize": "Standard_D4ds_v5",
    "osDiskSizeGB": 128,
    "osDiskType": "Managed",
    "kubeletDiskType": "OS",
    "type": "VirtualMachineScaleSets",
    "enableAutoScaling": False,
    "scaleDownMode": "Delete",
    "enableNodePublicIP": False,
    "mode": "User",
    "enableEncryptionAtHost": False,
    "enableUltraSSD": False,
    "enableFIPS": False,
    "osType": "Linux",
    "osSKU": "Ubuntu",
    "maxPods": 250,
    "upgradeSettings": {"maxSurge": "10%", "maxUnavailable": "0"},
}


class AgentPools(ResourceType):
    """https://learn.microsoft.com/rest/api/aks/agent-pools"""

    name = POOLS
    tracked = False
    slow = True

    def check_idle(self, azure: Azure, identifier: ResourceId) -> None:
        """Not while the cluster or the pool is being changed."""
        cluster = azure.store.get(_cluster_id(identifier.text))
        running = azure.operations.running(identifier.text)
        if cluster is not None:
            running += [found for found in azure.operations.running(cluster.id) if found.resource_id == cluster.id]
        if running:
            raise busy(running[0])

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A pool with AKS's defaults, its version within the control plane's reach."""
        cluster = azure.store.get(_cluster_id(put.id.text))
        assert cluster is not None
        cluster_networks.check_linked_subnet(azure, put, put.properties.get("vnetSubnetID"))
        known = put.existing.properties if put.existing else {}
        check_count_given(known, put.properties, "properties.count")
        properties = complete(put.id.name, put.properties, known, cluster.properties["currentKubernetesVersion"])
        if put.existing is not None:
            check_unchanged(put, known, put.properties)
            self._check_last_system(azure, put.existing, properties["mode"])
        return Resource(put.id.text, self.name, {"properties": properties})

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the ETag in the body and in the properties, as AKS has them."""
        shown = super().view(azure, resource)
        return {**shown, "properties": {**resource.properties, "eTag": resource.etag}}

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """The last system pool stays."""
        cluster = azure.store.get(_cluster_id(resource.id))
        running = [] if cluster is None else azure.operations.running(cluster.id)
        if running and running[0].resource_id != resource.id:
            raise busy(running[0])
        self._check_last_system(azure, resource, "")

    def carry_out(self, azure: Azure, operation: Operation, resource: Resource) -> None:
        """Make the nodes what the pool says."""
        azure.clusters.set_pool(_cluster_id(resource.id), pool_spec(resource))

    def tear_down(self, azure: Azure, resource: Resource) -> None:
        """Remove the nodes."""
        azure.clusters.delete_pool(_cluster_id(resource.id), resource.name)

    def turn(self, identifier: ResourceId) -> str:
        """One after the other with everything else of the cluster."""
        return _cluster_id(identifier.text).lower()

    def _check_last_system(self, azure: Azure, pool: Resource, mode: str) -> None:
        pools = azure.store.below(_cluster_id(pool.id), self.name)
        others = [found for found in pools if found.key != pool.key and found.properties["mode"] == "System"]
        if not others and mode != "System" and pool.properties["mode"] == "System":
            raise bad_request(
                "OperationNotAllowed",
                f"The agent pool {pool.name} is the last one of mode System: there has to be at least one system "
                "agent pool.",
            )


def complete(name: str, sent: Mapping[str, Any], known: Mapping[str, Any], control_plane: str) -> dict[str, Any]:
    """A pool's properties with defaults and read-only ones. Raises ArmError where AKS's rules are broken."""
    if not NAME.fullmatch(name):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter agentPoolProfile.name is invalid: '{name}'. A Linux agent pool's name has 1 to "
            "12 lower-case letters and digits and begins with a letter. Please see https://aka.ms/aks-naming-rules "
            "for more details.",
            "agentPoolProfile.name",
        )
    kept = {key: value for key, value in known.items() if key not in REPLACED and key != "eTag"}
    properties: dict[str, Any] = {**DEFAULTS, **kept, **{key: value for key, value in sent.items() if key != "name"}}
    _check_size(name, properties)
    if properties["enableAutoScaling"]:
        properties["count"] = _autoscaled(properties, known)
    wish = sent.get("orchestratorVersion") or known.get("orchestratorVersion") or control_plane
    version = kubernetes_versions.resolve(wish, "agentPoolProfile.orchestratorVersion", name)
    kubernetes_versions.check_pool(name, version, control_plane)
    if known:
        kubernetes_versions.check_upgrade(
            known["currentOrchestratorVersion"], version, "agentPoolProfile.orchestratorVersion"
        )
    return {
        **properties,
        "orchestratorVersion": wish,
        "currentOrchestratorVersion": version,
        "nodeImageVersion": f"AKS{properties['osSKU']}-local-{version}",
        "powerState": {"code": "Running"},
        "provisioningState": "Succeeded",
    }


def _autoscaled(properties: Mapping[str, Any], known: Mapping[str, Any]) -> int:
    """Nodes of a pool with the autoscaler: whatever a request says, as many as it has, at once within its limits.

    In Azure the autoscaler would do the latter after a while.
    """
    count = (known if known.get("enableAutoScaling") else properties)["count"]
    return int(min(max(count, properties["minCount"]), properties["maxCount"]))


def _check_size(name: str, properties: Mapping[str, Any]) -> None:
    count, lowest = properties["count"], 1 if properties["mode"] == "System" else 0
    where = "agentPoolProfile.count"
    if not lowest <= count <= 1000:
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter {where} of {name} is invalid: {count}. It must be from {lowest} to 1000.",
            where,
        )
    if properties["enableAutoScaling"]:
        least, most = properties.get("minCount"), properties.get("maxCount")
        if least is None or most is None or not lowest <= least <= most:
            raise bad_request(
                "InvalidParameter",
                f"Agent pool {name} with autoscaling needs minCount and maxCount, from {lowest} up, in this order.",
            )
    if properties["osType"] != "Linux":
        raise ArmError(
            400, "LocalAzureNotSupported", f"Agent pool {name}: the local Azure has no {properties['osType']} nodes."
        )


def check_count_given(known: Mapping[str, Any], sent: Mapping[str, Any], where: str) -> None:
    """Raise ArmError where a new pool that is to scale by itself does not say with how many nodes it begins.

    https://github.com/Azure/azure-service-operator/issues/3220
    """
    if not known and sent.get("enableAutoScaling") and sent.get("count") is None:
        raise bad_request("InvalidParameter", f"Required parameter {where} is missing (null).", where)


def check_unchanged(put: Put, known: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    """Raise ArmError for a change AKS does not allow."""
    for name in FIXED:
        unchangeable(put, **{name: (known.get(name), sent.get(name))})


def pool_spec(resource: Resource) -> PoolSpec:
    """What the real pool is made from."""
    properties = resource.properties
    return PoolSpec(
        name=resource.name,
        count=properties["count"],
        mode=properties["mode"],
        vm_size=properties["vmSize"],
        os_sku=properties["osSKU"],
        kubernetes_version=properties["currentOrchestratorVersion"],
        labels=properties.get("nodeLabels") or {},
        taints=tuple(properties.get("nodeTaints") or ()),
        zones=tuple(properties.get("availabilityZones") or ()),
    )


def busy(operation: Operation) -> ArmError:
    """AKS's answer while something else is in progress: https://aka.ms/aks-pending-operation"""
    doing = {"Create": "Creating", "Update": "Updating", "Delete": "Deleting"}[operation.kind]
    return conflict(
        "OperationNotAllowed",
        f"Operation is not allowed: Another operation ({doing} - {operation.id}) is in progress, please wait for it "
        "to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
    )


def _cluster_id(pool_id: str) -> str:
    return pool_id.rsplit("/", 2)[0]
