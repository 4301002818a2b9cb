"""All clusters of the local Azure: create, scale, delete, stop and resume them. The one entrance to this package."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

from local_azure.clusters import credentials, dns_addon, records
from local_azure.clusters.control_plane import ControlPlane
from local_azure.clusters.node import Node
from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord, NodeRecord
from local_azure.clusters.spec import ClusterSpec, PoolSpec
from local_azure.errors import LocalAzureError
from local_azure.instance import MAX_CLUSTERS, SIMULATOR
from local_azure.machine import azure_dns, network, processes

Item = TypeVar("Item")

AT_ONCE = 4
"""Nodes or clusters that are started or stopped at the same time."""


class Clusters:
    """The clusters recorded on this machine.

    Every method blocks until done, can be called again after any interruption, and may be called by several threads;
    of several processes only one may change clusters, the others may read.

    Args:
        bin: the folder with `kube`.
    """

    def __init__(self, bin: Path) -> None:
        self._bin = bin
        self._index_lock = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}

    def list(self) -> list[ClusterSpec]:
        """All clusters, oldest number first."""
        return [record.spec for record in sorted(records.load_all().values(), key=lambda record: record.index)]

    def create(self, spec: ClusterSpec) -> None:
        """Create a cluster without nodes, or update what is recorded of an existing one and start what does not run.

        Raises:
            LocalAzureError: no cluster number is free, or the control plane did not come up.
        """
        with self._lock(spec.key):
            record = self._record_for(spec)
            plane = ControlPlane(record, self._bin)
            plane.start()
            with plane.api() as api:
                dns_addon.apply(api, spec.dns_service_ip)
            azure_dns.publish({spec.fqdn: record.address, spec.issuer_host: SIMULATOR})

    def set_pool(self, resource_id: str, pool: PoolSpec) -> None:
        """Create or change a node pool, until its nodes are ready; for another version node by node.

        Raises:
            LocalAzureError: no such cluster, no room for so many nodes, or a node did not become ready.
        """
        with self._lock(resource_id):
            before = self._get(resource_id)
            for after in before.towards(pool):
                self._change_nodes(before, after)
                before = after

    def delete_pool(self, resource_id: str, name: str) -> None:
        """Remove a node pool and its nodes; none of that name, or no such cluster, is fine."""
        with self._lock(resource_id):
            before = records.load_all().get(resource_id.lower())
            if before and name in before.pools:
                self._change_nodes(before, before.without_pool(name))

    def delete(self, resource_id: str) -> None:
        """Remove a cluster with all it has; no such cluster is fine."""
        with self._lock(resource_id):
            record = records.load_all().get(resource_id.lower())
            if record is None:
                return
            plane = ControlPlane(record, self._bin)
            # The nodes' objects go with their etcd, so the API server need not be there to delete them.
            plane.stop(grace=0)
            _each(lambda node: self._node(record, node).remove(), record.nodes)
            network.detach(plane.namespace)
            azure_dns.withdraw([record.spec.fqdn])
            processes.remove_logs(f"cluster-{record.index}-")
            _remove_folder(record.run_folder)
            # From here on only files are left, which a next cluster of the same number would remove first.
            records.forget(record)
            _remove_folder(record.folder)

    def resume(self) -> None:
        """Start whatever is recorded and does not run: after a crash, a stop, or a restart of the machine."""
        _each(self._resume, list(records.load_all()))

    def stop(self, resource_id: str | None = None) -> None:
        """Stop the processes of all clusters, or of one, and keep their data; `resume` starts them again."""
        _each(self._stop, list(records.load_all()) if resource_id is None else [resource_id.lower()])

    def admin_kubeconfig(self, resource_id: str) -> str:
        """The kubeconfig (YAML) of the cluster's administrator, with a client certificate.

        Raises:
            LocalAzureError: no such cluster.
        """
        return credentials.admin(self._get(resource_id))

    def user_kubeconfig(self, resource_id: str) -> str:
        """The kubeconfig (YAML) of the cluster's users: with Entra by kubelogin, else as AKS does the administrator's.

        Raises:
            LocalAzureError: no such cluster.
        """
        return credentials.user(self._get(resource_id))

    def jwks(self, resource_id: str) -> dict[str, object]:
        """The key set of the cluster's service account issuer.

        Raises:
            LocalAzureError: no such cluster.
        """
        return Pki(self._get(resource_id)).jwks()

    def address(self, resource_id: str) -> IPv4Address:
        """Where the cluster's API server listens, port 443.

        Raises:
            LocalAzureError: no such cluster.
        """
        return self._get(resource_id).address

    def _record_for(self, spec: ClusterSpec) -> ClusterRecord:
        with self._index_lock:
            existing = records.load_all()
            if spec.key in existing:
                record = replace(existing[spec.key], spec=spec)
            elif index := records.free_index(existing):
                record = ClusterRecord(index, spec)
                # Files without a record are what is left of an earlier cluster. Who reads the record finds the keys.
                _remove_folder(record.folder)
                Pki(record).ensure()
            else:
                raise LocalAzureError(
                    f"{spec.name}: the local Azure has room for {MAX_CLUSTERS} clusters", "delete one"
                )
            records.save(record)
        return record

    def _change_nodes(self, before: ClusterRecord, after: ClusterRecord) -> None:
        """Make the nodes of `before` those of `after`: written down first, then added, then removed.

        Those that go stay recorded, and their pods reachable, until they are gone.
        """
        gone = [node for node in before.nodes if node not in after.nodes]
        both = replace(after, nodes=[*after.nodes, *gone])
        for node in after.nodes:
            after.spec.pod_network(node.number)  # raises when there is no room, before anything is made
        records.save(both)
        stay = [self._node(both, node) for node in after.nodes]
        go = [self._node(both, node) for node in gone]
        _each(Node.start, stay)
        self._update_routes(both)
        _each(Node.wait_ready, stay)
        _each(Node.drain, go)
        _each(Node.remove, go)
        records.save(after)
        if gone:
            self._update_routes(after)

    def _resume(self, key: str) -> None:
        with self._lock(key):
            record = records.load_all().get(key)
            if record is None:
                return
            self.create(record.spec)
            # A removal of nodes that was cut short is finished, an upgrade for all that are left at once.
            wanted = record
            for pool in record.pools.values():
                wanted = wanted.with_pool(pool)
            wanted = replace(wanted, nodes=[node for node in wanted.nodes if node.pool in wanted.pools])
            self._change_nodes(record, wanted)

    def _update_routes(self, record: ClusterRecord) -> None:
        ControlPlane(record, self._bin).update_routes()
        for node in record.nodes:
            if network.exists(network.node(record.index, node.number)):
                self._node(record, node).update_routes()

    def _stop(self, key: str) -> None:
        with self._lock(key):
            record = records.load_all().get(key)
            if record is not None:
                _each(lambda node: self._node(record, node).stop(), record.nodes)
                ControlPlane(record, self._bin).stop()

    def _get(self, resource_id: str) -> ClusterRecord:
        record = records.load_all().get(resource_id.lower())
        if record is None:
            raise LocalAzureError(f"there is no cluster behind {resource_id}")
        return record

    def _node(self, record: ClusterRecord, node: NodeRecord) -> Node:
        return Node(record, node, ControlPlane(record, self._bin), self._bin)

    @contextmanager
    def _lock(self, resource_id: str) -> Iterator[None]:
        with self._index_lock:
            lock = self._locks.setdefault(resource_id.lower(), threading.RLock())
        with lock:
            yield


def _remove_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _each(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Do `work` for all items at the same time; raises the first error after all have ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(work, item) for item in items]:
            done.result()
