"""The management cluster of the local Azure, as somebody with the power to break it has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from local_azure.__main__ import write_kubeconfig
from local_azure.clusters import Clusters, records
from local_azure.clusters.records import ClusterRecord
from local_azure.machine import processes
from local_azure.toolchain import ensure
from tests.e2e.local import FIRST, MANAGEMENT, Local

OLD = "the-old-one"


class Management:
    """Its processes, its data, and its place in Azure."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.name = local.run("pulumi", "stack", "output", "management_cluster").strip()
        self.group = local.run("pulumi", "stack", "output", "resource_group").strip()
        self.clusters = Clusters(ensure().bin)

    @property
    def record(self) -> ClusterRecord:
        """What is written down of it."""
        return next(each for each in records.load_all().values() if each.spec.name == self.name)

    def uid(self) -> str:
        """The usual identity of a Kubernetes cluster: that of its namespace kube-system."""
        return str(self.local.get(MANAGEMENT, "namespace", "kube-system")["metadata"]["uid"])

    def wipe(self) -> None:
        """Lose everything etcd had; nodes and certificates stay."""
        key = self.record.spec.resource_id
        self.clusters.stop(key)
        shutil.rmtree(self.record.folder / "etcd")
        self.clusters.resume()

    def kill(self, *programs: str) -> None:
        """kill -9 to programs of its control plane, then start them again as Azure would."""
        for program in programs:
            processes.stop(f"cluster-{self.record.index}-{program}", grace=0)
        self.clusters.resume()

    def delete_in_portal(self) -> None:
        """Straight through ARM, past Pulumi."""
        self.local.azure().managed_clusters.begin_delete(self.group, self.name).result()

    def renew_kubeconfig(self) -> None:
        """Contexts for the clusters there are now."""
        write_kubeconfig(self.clusters, self.name)

    @contextmanager
    def put_aside(self) -> Iterator[ClusterRecord]:
        """Keep its machines from being removed with it in Azure, stopped: the old one that may come back."""
        record = self.record
        self.clusters.stop(record.spec.resource_id)
        spec = replace(record.spec, name=OLD, resource_id=f"{record.spec.resource_id}-{OLD}")
        old = replace(record, spec=spec)
        records.save(old)
        try:
            yield old
        finally:
            self.clusters.delete(spec.resource_id)


def last_bodies(local: Local, until: float) -> dict[str, Any]:
    """The last body that was written to each resource of `first` before a time, by path."""
    return bodies(local.requests(method="PUT", path=f"/resourcegroups/{FIRST}"), until=until)


def bodies(requests: list[Mapping[str, Any]], *, since: float = 0, until: float = float("inf")) -> dict[str, Any]:
    """By path in lower case, the last one wins."""
    return {each["path"].lower(): each["body"] for each in requests if since <= each["time"] < until}
