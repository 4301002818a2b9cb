"""A crowd: many clusters that share a few control planes, and whose nodes are objects without a machine.

It is for measuring what runs beside the clusters: a cluster takes 350 MB, one of a crowd next to nothing. The control
planes are ordinary clusters here without nodes of their own, so they stop, resume and go as those do.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_azure.clusters import credentials, crowd_records, node_identity, records
from local_azure.clusters.api import Api
from local_azure.clusters.clusters import Clusters
from local_azure.clusters.control_plane import ControlPlane
from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord, NodeRecord
from local_azure.clusters.spec import ClusterSpec, PoolSpec
from local_azure.instance import SIMULATOR, SUBSCRIPTION_ID
from local_azure.machine import azure_dns

SHARED_BY = 25
"""Clusters at one control plane. Who watches the nodes of one sees those of all 25, as if each had so many."""

EVERYBODY = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/everybody"
"""Azure RBAC is asked about one cluster, and here an API server stands for many: whoever signed in may do all."""


class Crowd:
    """The clusters of `real`, and those whose spec says `crowd`; all that the simulator asks of clusters.

    Args:
        bin: the folder with `kube`.
    """

    def __init__(self, real: Clusters, bin: Path) -> None:
        self._real = real
        self._bin = bin
        self._lock = threading.Lock()

    def create(self, spec: ClusterSpec) -> None:
        """A real cluster; or a place at a control plane that is there, or is made.

        Raises:
            LocalAzureError: no cluster number is free, or the control plane did not come up.
        """
        if not spec.crowd:
            self._real.create(spec)
        else:
            with self._lock:
                known = crowd_records.load(spec.resource_id)
                member = replace(known, spec=spec) if known else ClusterRecord(self._place(spec), spec)
                crowd_records.save(member)
                azure_dns.publish({spec.fqdn: member.address, spec.issuer_host: SIMULATOR})

    def set_pool(self, resource_id: str, pool: PoolSpec) -> None:
        """Nodes as the pool says; in a crowd all at once."""
        if member := crowd_records.load(resource_id):
            self._change(member, member.with_pool(pool))
        else:
            self._real.set_pool(resource_id, pool)

    def delete_pool(self, resource_id: str, name: str) -> None:
        """Remove a pool's nodes."""
        if member := crowd_records.load(resource_id):
            self._change(member, member.without_pool(name))
        else:
            self._real.delete_pool(resource_id, name)

    def delete(self, resource_id: str) -> None:
        """Remove a cluster; with the last one, the control plane they shared."""
        if member := crowd_records.load(resource_id):
            self._change(member, replace(member, pools={}, nodes=[]))
            self._leave(member)
        else:
            self._real.delete(resource_id)

    def admin_kubeconfig(self, resource_id: str) -> str:
        """The administrator's kubeconfig (YAML)."""
        member = crowd_records.load(resource_id)
        return credentials.admin(member) if member else self._real.admin_kubeconfig(resource_id)

    def user_kubeconfig(self, resource_id: str) -> str:
        """The users' kubeconfig (YAML)."""
        member = crowd_records.load(resource_id)
        return credentials.user(member) if member else self._real.user_kubeconfig(resource_id)

    def jwks(self, resource_id: str) -> Mapping[str, Any]:
        """The key set of the cluster's issuer; in a crowd no token is of that issuer."""
        member = crowd_records.load(resource_id)
        return Pki(member).jwks() if member else self._real.jwks(resource_id)

    def _place(self, spec: ClusterSpec) -> int:
        """The number of a control plane with room for one more."""
        shared = sorted((each for each in records.load_all().values() if each.spec.crowd), key=lambda each: each.index)
        free = [each.index for each in shared if len(crowd_records.members(each)) < SHARED_BY]
        if free:
            return free[0]
        names = {each.spec.name for each in shared}
        name = next(name for number in range(1, len(names) + 2) if (name := f"shared-{number}") not in names)
        own = _control_plane(name, spec)
        self._real.create(own)
        record = records.load_all()[own.key]
        with self._api(record) as api:
            api.apply(EVERYBODY, _everybody())
        return record.index

    def _leave(self, member: ClusterRecord) -> None:
        with self._lock:
            azure_dns.withdraw([member.spec.fqdn])
            crowd_records.forget(member)
            shared = next(each for each in records.load_all().values() if each.index == member.index)
            if not crowd_records.members(shared):
                self._real.delete(shared.spec.resource_id)

    def _change(self, before: ClusterRecord, after: ClusterRecord) -> None:
        """Make the nodes of `before` those of `after`."""
        with self._lock, self._api(before) as api:
            for node in after.nodes:
                _register(api, after, node)
            for node in before.nodes:
                if node not in after.nodes:
                    api.delete(f"/api/v1/nodes/{before.node_name(node)}")
            crowd_records.save(after)

    def _api(self, record: ClusterRecord) -> Api:
        return ControlPlane(record, self._bin).api()


def _control_plane(name: str, first: ClusterSpec) -> ClusterSpec:
    """A cluster like the first of its crowd, good for all names that Azure gives in this region."""
    return replace(
        first,
        resource_id=f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/crowd"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}",
        name=name,
        issuer_url=f"https://{first.issuer_host}/{first.tenant_id}/{name}/",
        fqdn=f"*.hcp.{first.region}.azmk8s.io",
        node_resource_group=f"MC_crowd_{name}",
    )


def _everybody() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "everybody"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:authenticated"}],
    }


def _register(api: Api, record: ClusterRecord, node: NodeRecord) -> None:
    """The Node object as a kubelet would keep it, once and for all."""
    name = record.node_name(node)
    if not api.create("/api/v1/nodes", node_identity.registration(record, node)):
        api.change(f"/api/v1/nodes/{name}", lambda document: node_identity.converge(document, record, node))
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    ready = {"type": "Ready", "status": "True", "reason": "NoKubelet", "message": "there is no machine"}
    status = {
        "conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": now}],
        "addresses": [{"type": "Hostname", "address": name}],
        "nodeInfo": {"kubeletVersion": f"v{node.version}", "operatingSystem": "linux", "architecture": "amd64"},
    }
    document = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}
    api.apply(f"/api/v1/nodes/{name}/status", document)
