"""Cluster API's objects, as far as a status is made of them."""

from __future__ import annotations

from typing import Final

from fleet.status.records import Object, Record, Reference, Status

REPLICAS_MANAGED_BY: Final = "cluster.x-k8s.io/replicas-managed-by"
"""On a pool whose size somebody else decides, such as the cluster autoscaler.
https://cluster-api.sigs.k8s.io/developer/providers/contracts/infra-machinepool"""


class _Topology(Record):
    class_ref: Reference = Reference()
    version: str = ""


class _ClusterSpec(Record):
    paused: bool = False
    topology: _Topology = _Topology()
    control_plane_ref: Reference = Reference()


class _ClusterStatus(Status):
    phase: str = ""


class Cluster(Object):
    """Cluster API's v1beta2 Cluster.

    https://cluster-api.sigs.k8s.io/reference/api/crd-reference
    """

    spec: _ClusterSpec = _ClusterSpec()
    status: _ClusterStatus = _ClusterStatus()


class _ControlPlaneStatus(Status):
    version: str = ""
    ready: bool = True


class ControlPlane(Object):
    """A control plane, of any kind that keeps Cluster API's contract: `status.version` is what runs.

    `status.ready` only some kinds have: CAPZ's own is false while one of its Azure resources is not as it has to be.
    """

    status: _ControlPlaneStatus = _ControlPlaneStatus()


class _MachineSpec(Record):
    version: str = ""


class _MachineTemplate(Record):
    spec: _MachineSpec = _MachineSpec()


class _PoolSpec(Record):
    cluster_name: str
    replicas: int | None = None
    template: _MachineTemplate = _MachineTemplate()


class _PoolStatus(Status):
    phase: str = ""
    replicas: int = 0
    ready_replicas: int = 0


class Pool(Object):
    """A MachinePool or a MachineDeployment."""

    spec: _PoolSpec
    status: _PoolStatus = _PoolStatus()

    @property
    def name(self) -> str:
        """As the request calls it."""
        named = (self.metadata.labels.get(f"topology.cluster.x-k8s.io/{of}-name") for of in ("pool", "deployment"))
        return next(filter(None, named), self.metadata.name)

    @property
    def desired(self) -> int:
        """How many machines it shall have; what it has, where an autoscaler decides."""
        if self.spec.replicas is None or REPLICAS_MANAGED_BY in self.metadata.annotations:
            return self.status.replicas
        return self.spec.replicas
