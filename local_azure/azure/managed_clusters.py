"""Microsoft.ContainerService/managedClusters: each one is a real Kubernetes cluster."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from local_azure.azure import cluster_credentials, cluster_rules, kubernetes_versions
from local_azure.azure.agent_pools import POOLS, busy, check_count_given, check_unchanged, complete, pool_spec
from local_azure.azure.backend import ClusterSpec
from local_azure.azure.cluster_defaults import ISSUER_HOST, POD_CIDR, completed
from local_azure.azure.cluster_parts import make_node_resource_group, remove_node_resource_group, system_identity
from local_azure.azure.directory import CLUSTERS
from local_azure.azure.errors import bad_request
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.operations import Operation
from local_azure.azure.resource_type import Action, Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

NEW_POOL = (
    "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster "
    "operations. For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api"
)


class ManagedClusters(ResourceType):
    """https://learn.microsoft.com/rest/api/aks/managed-clusters

    `authorize_base` is where API servers reach the simulator's authorization webhook.
    """

    name = CLUSTERS
    slow = True
    real = True

    def __init__(self, authorize_base: str) -> None:
        super().__init__()
        self._authorize_base = authorize_base

    @property
    def actions(self) -> Mapping[str, Action]:
        """Credentials, by client certificate or by Entra."""
        return cluster_credentials.ACTIONS

    def check_idle(self, azure: Azure, identifier: ResourceId) -> None:
        """Not while the cluster or one of its pools is being changed."""
        running = azure.operations.running(identifier.text)
        if running:
            raise busy(running[0])

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A cluster with AKS's defaults; pools become resources of their own and stay when a PUT leaves them out."""
        known = put.existing.properties if put.existing else {}
        hidden: dict[str, Any] = dict(put.existing.hidden) if put.existing else _decided_once(azure, put.id.name)
        version = kubernetes_versions.resolve(
            put.properties.get("kubernetesVersion") or known.get("kubernetesVersion"), "kubernetesVersion", put.id.name
        )
        if known:
            kubernetes_versions.check_upgrade(known["currentKubernetesVersion"], version, "kubernetesVersion")
        body = self.body(put, put.properties)
        properties = completed(azure, put, body["location"], version, hidden["issuer"])
        cluster_rules.check(azure, put, properties)
        pools = self._pools(azure, put, version)
        body["properties"] = properties
        body["identity"] = system_identity(azure, put)
        hidden["pools"] = pools
        return Resource(put.id.text, self.name, body, hidden)

    def _pools(self, azure: Azure, put: Put, version: str) -> dict[str, dict[str, Any]]:
        """The pools after the PUT, by name. Raises ArmError when there would be no system pool."""
        known = {pool.name: pool.properties for pool in azure.store.below(put.id.text, POOLS)}
        pools = {name: {**pool, "provisioningState": "Succeeded"} for name, pool in known.items()}
        for sent in put.properties.get("agentPoolProfiles") or ():
            name = sent.get("name", "")
            if known and name not in known:
                raise bad_request("BadRequest", NEW_POOL, "agentPoolProfiles")
            check_count_given(known.get(name, {}), sent, "agentPoolProfile.count")
            check_unchanged(put, known.get(name, {}), sent)
            pools[name] = complete(name, sent, known.get(name, {}), version)
        if not any(pool["mode"] == "System" for pool in pools.values()):
            raise bad_request("InvalidParameter", "Must define at least one system pool.", "agentPoolProfiles")
        return pools

    def unchanged(self, azure: Azure, wanted: Resource, existing: Resource) -> bool:
        """Also the pools must be as they are."""
        there = {pool.name: pool.properties for pool in azure.store.below(existing.id, POOLS)}
        return super().unchanged(azure, wanted, existing) and wanted.hidden["pools"] == there

    def stored(self, azure: Azure, put: Put, resource: Resource) -> None:
        """The pools, and what AKS makes in the node resource group."""
        for name, properties in resource.hidden["pools"].items():
            identifier = f"{resource.id}/agentPools/{name}"
            before = azure.store.get(identifier)
            state = "Updating" if before else "Creating"
            if before is None or before.properties != properties:
                azure.store.put(Resource(identifier, POOLS, {"properties": {**properties, "provisioningState": state}}))
        make_node_resource_group(azure, resource)

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With its pools inside, as they are now."""
        pools = [
            {"name": pool.name, **pool.properties, "eTag": pool.etag} for pool in azure.store.below(resource.id, POOLS)
        ]
        shown = super().view(azure, resource)
        return {**shown, "properties": {**resource.properties, "agentPoolProfiles": pools}, "eTag": resource.etag}

    def carry_out(self, azure: Azure, operation: Operation, resource: Resource) -> None:
        """Make the control plane, then the nodes of all pools."""
        azure.clusters.create(self.spec(azure, resource))
        for pool in azure.store.below(resource.id, POOLS):
            azure.clusters.set_pool(resource.id, pool_spec(pool))
        with azure.store.transaction():
            for pool in azure.store.below(resource.id, POOLS):
                azure.store.put(pool.with_properties(provisioningState="Succeeded"))

    def failed(self, azure: Azure, resource: Resource) -> None:
        """Its pools are no better off."""
        for pool in azure.store.below(resource.id, POOLS):
            if pool.state != "Succeeded":
                azure.store.put(pool.with_properties(provisioningState="Failed"))

    def tear_down(self, azure: Azure, resource: Resource) -> None:
        """Remove the real cluster and the node resource group."""
        azure.clusters.delete(resource.id)
        remove_node_resource_group(azure, resource)

    def spec(self, azure: Azure, resource: Resource) -> ClusterSpec:
        """What the real cluster is made from."""
        properties = resource.properties
        profile = properties["networkProfile"]
        return ClusterSpec(
            resource_id=resource.id,
            name=resource.name,
            tenant_id=azure.tenant,
            issuer_url=issuer_url(azure, resource),
            fqdn=properties["fqdn"],
            kubernetes_version=properties["currentKubernetesVersion"],
            node_resource_group=properties["nodeResourceGroup"],
            pod_cidr=profile.get("podCidr") or POD_CIDR,
            service_cidr=profile["serviceCidr"],
            dns_service_ip=profile["dnsServiceIP"],
            entra=bool((properties.get("aadProfile") or {}).get("managed")),
            authorize_url=f"{self._authorize_base}/aks/{resource.hidden['issuer']}/authorize",
            crowd=resource.hidden.get("crowd", False),
        )


def _decided_once(azure: Azure, name: str) -> dict[str, Any]:
    """What a cluster keeps until it is deleted, whatever is set or sent later."""
    crowd = azure.settings.values.crowd
    return {"issuer": str(uuid.uuid4()), "crowd": bool(crowd and re.search(crowd, name))}


def issuer_url(azure: Azure, resource: Resource) -> str:
    """The cluster's service account issuer; it has one even where workloads do not use it."""
    return f"https://{resource.body['location']}.{ISSUER_HOST}/{azure.tenant}/{resource.hidden['issuer']}/"
