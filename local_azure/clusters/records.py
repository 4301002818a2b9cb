"""What is written down about each cluster, so that a restart finds it: STATE/clusters/<index>/cluster.json.

It is written before anything of a cluster is made, so that whatever exists is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from local_azure.clusters.spec import ClusterSpec, PoolSpec
from local_azure.errors import LocalAzureError
from local_azure.instance import MAX_CLUSTERS, RUN, STATE, api_server, node_address

FOLDER = STATE / "clusters"
FILE = "cluster.json"


@dataclass(frozen=True)
class NodeRecord:
    """One node.

    Attributes:
        number: the lowest that was free in its cluster; decides its address and pod network.
        instance: of the scale set; counts up and is never given again, as in Azure.
        version: of Kubernetes, with which it was made; empty where its pool said none.
    """

    number: int
    pool: str
    instance: int
    version: str = ""


@dataclass(frozen=True)
class ClusterRecord:
    """One cluster, its pools and its nodes. Every change is a new record, saved by `save`."""

    index: int
    spec: ClusterSpec
    pools: dict[str, PoolSpec] = field(default_factory=dict)
    nodes: list[NodeRecord] = field(default_factory=list)
    next_instance: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """All files of the cluster."""
        return FOLDER / str(self.index)

    @property
    def run_folder(self) -> Path:
        """All sockets of the cluster."""
        return RUN / str(self.index)

    @property
    def address(self) -> IPv4Address:
        """Where its API server listens, port 443."""
        return api_server(self.index)

    @property
    def server(self) -> str:
        """URL of its API server."""
        return f"https://{self.address}:443"

    def scale_set(self, pool: str) -> str:
        """The name of a pool's scale set: AKS puts eight digits into it that all pools of a cluster share.

        They come from the issuer, which no two clusters share; a cluster that is made anew has the old one's ID.
        """
        digits = int.from_bytes(hashlib.sha256(self.spec.issuer_url.encode()).digest()[:8], "big") % 10**8
        return f"aks-{pool}-{digits:08d}-vmss"

    def node_name(self, node: NodeRecord) -> str:
        """The node's name: scale set, then the instance in base 36 with six digits, as AKS names them."""
        return self.scale_set(node.pool) + _base36(node.instance).rjust(6, "0")

    def node_ip(self, node: NodeRecord) -> IPv4Address:
        """The node's address on the bridge."""
        return node_address(self.index, node.number)

    def pod_routes(self) -> dict[IPv4Network, IPv4Address]:
        """Which node leads to which pods."""
        return {self.spec.pod_network(node.number): self.node_ip(node) for node in self.nodes}

    def nodes_of(self, pool: str) -> list[NodeRecord]:
        """The nodes of a pool, oldest first."""
        return sorted((node for node in self.nodes if node.pool == pool), key=lambda node: node.instance)

    def towards(self, pool: PoolSpec) -> Iterator[ClusterRecord]:
        """The way to `with_pool(pool)`: nodes of another version are replaced one by one, the oldest first."""
        record, outdated = self, self._outdated(pool)
        for behind in reversed(range(max(1, len(outdated)))):
            record = record.with_pool(pool, behind=behind)
            yield record

    def with_pool(self, pool: PoolSpec, *, behind: int = 0) -> ClusterRecord:
        """The record with this pool, and with as many nodes in it as it counts; the newest go first.

        Args:
            behind: how many nodes of another version may stay.
        """
        outdated = self._outdated(pool)
        leaving = outdated[: len(outdated) - behind]
        kept = [node for node in self.nodes_of(pool.name) if node not in leaving][: pool.count]
        others = [node for node in self.nodes if node.pool != pool.name]
        used = {node.number for node in self.nodes}  # also those that leave: they go when the new ones are there
        instance = self.next_instance.get(pool.name, 0)
        number = 0
        while len(kept) < pool.count:
            if number not in used:
                kept.append(NodeRecord(number, pool.name, instance, pool.kubernetes_version))
                instance += 1
            number += 1
        return replace(
            self,
            pools={**self.pools, pool.name: pool},
            nodes=others + kept,
            next_instance={**self.next_instance, pool.name: instance},
        )

    def _outdated(self, pool: PoolSpec) -> list[NodeRecord]:
        """Its nodes of another version, oldest first."""
        fitting = ("", pool.kubernetes_version)
        return [node for node in self.nodes_of(pool.name) if node.version not in fitting]

    def without_pool(self, name: str) -> ClusterRecord:
        """The record without this pool and its nodes."""
        return replace(
            self,
            pools={each: pool for each, pool in self.pools.items() if each != name},
            nodes=[node for node in self.nodes if node.pool != name],
        )


_adapter = TypeAdapter(ClusterRecord)


def save(record: ClusterRecord) -> None:
    """Write a record down."""
    write(record, record.folder / FILE)


def write(record: ClusterRecord, path: Path) -> None:
    """Write a record into a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(_adapter.dump_json(record, indent=2))
    part.replace(path)


def forget(record: ClusterRecord) -> None:
    """Remove the record, not the other files."""
    (record.folder / FILE).unlink(missing_ok=True)


def load_all() -> dict[str, ClusterRecord]:
    """All clusters by their key.

    Raises:
        LocalAzureError: a record cannot be read.
    """
    return {record.spec.key: record for record in map(read, FOLDER.glob(f"*/{FILE}"))}


def read(path: Path) -> ClusterRecord:
    """The record in a file.

    Raises:
        LocalAzureError: it cannot be read.
    """
    try:
        return _adapter.validate_json(path.read_bytes())
    except ValidationError as error:
        raise LocalAzureError(
            f"the record of a cluster, {path}, cannot be read: {error.errors()[0]['msg']}",
            "was it made by another version? make local-down, then begin anew",
        ) from error


def free_index(records: dict[str, ClusterRecord]) -> int | None:
    """The lowest cluster number not in use, None when all are."""
    used = {record.index for record in records.values()}
    return next((index for index in range(1, MAX_CLUSTERS + 1) if index not in used), None)


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = digits[number % 36]
    while number := number // 36:
        text = digits[number % 36] + text
    return text
