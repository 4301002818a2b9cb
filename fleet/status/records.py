"""What is read of the management cluster's objects: only the fields that a status is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

REPLICAS_MANAGED_BY: Final = "cluster.x-k8s.io/replicas-managed-by"
"""On a pool whose size somebody else decides, such as the cluster autoscaler.
https://cluster-api.sigs.k8s.io/developer/providers/contracts/infra-machinepool"""


CLUSTER_KINDS: Final = (("cluster.x-k8s.io", "Cluster"), ("containerservice.azure.com", "ManagedCluster"))
"""Group and kind of what a request can be."""


class _Record(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Metadata(_Record):
    """Of any object."""

    name: str
    namespace: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: datetime
    deletion_timestamp: datetime | None = None


class Condition(_Record):
    """As Kubernetes, Cluster API, Flux and ASO write it; only ASO has a severity."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""
    observed_generation: int = 0


class _Status(_Record):
    conditions: tuple[Condition, ...] = ()


class Object(_Record):
    """Any object with conditions; as it is, one of Azure Service Operator's."""

    metadata: Metadata
    status: _Status = _Status()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata.namespace, self.metadata.name

    def condition(self, type_: str) -> Condition | None:
        """The condition of a type, if it is there."""
        return next((each for each in self.status.conditions if each.type == type_), None)


class Reference(_Record):
    """A reference to another object, in the same namespace where it names none."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class _Topology(_Record):
    class_ref: Reference = Reference()
    version: str = ""


class _ClusterSpec(_Record):
    paused: bool = False
    topology: _Topology = _Topology()
    control_plane_ref: Reference = Reference()


class _ClusterStatus(_Status):
    phase: str = ""


class Cluster(Object):
    """Cluster API's v1beta2 Cluster.

    https://cluster-api.sigs.k8s.io/reference/api/crd-reference
    """

    spec: _ClusterSpec = _ClusterSpec()
    status: _ClusterStatus = _ClusterStatus()


class _ControlPlaneStatus(_Status):
    version: str = ""
    ready: bool = True


class ControlPlane(Object):
    """A control plane, of any kind that keeps Cluster API's contract: `status.version` is what runs.

    `status.ready` only some kinds have: CAPZ's own is false while one of its Azure resources is not as it has to be.
    """

    status: _ControlPlaneStatus = _ControlPlaneStatus()


class _MachineSpec(_Record):
    version: str = ""


class _MachineTemplate(_Record):
    spec: _MachineSpec = _MachineSpec()


class _PoolSpec(_Record):
    cluster_name: str
    replicas: int | None = None
    template: _MachineTemplate = _MachineTemplate()


class _PoolStatus(_Status):
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


class _AzurePool(_Record):
    azure_name: str = ""
    name: str = ""
    count: int = 0
    enable_auto_scaling: bool = False
    orchestrator_version: str = ""
    owner: Reference = Reference()


class _AzurePoolStatus(_Status):
    name: str = ""
    count: int = 0


class AzurePool(Object):
    """ASO's ManagedClustersAgentPool."""

    spec: _AzurePool = _AzurePool()
    status: _AzurePoolStatus = _AzurePoolStatus()


class _ManagedClusterSpec(_Record):
    kubernetes_version: str = ""
    agent_pool_profiles: tuple[_AzurePool, ...] = ()


class _ManagedClusterStatus(_Status):
    current_kubernetes_version: str = ""
    agent_pool_profiles: tuple[_AzurePoolStatus, ...] = ()


class ManagedCluster(Object):
    """ASO's ManagedCluster, where a request is one. https://azure.github.io/azure-service-operator/reference/"""

    spec: _ManagedClusterSpec = _ManagedClusterSpec()
    status: _ManagedClusterStatus = _ManagedClusterStatus()


class _PostBuild(_Record):
    substitute: dict[str, str] = {}


class _KustomizationSpec(_Record):
    source_ref: Reference
    suspend: bool = False
    path: str = ""
    depends_on: tuple[Reference, ...] = ()
    post_build: _PostBuild = _PostBuild()


class _Outcome(_Record):
    last_reconciled_status: str = ""


class _Entry(_Record):
    id: str


class _Applied(_Record):
    entries: tuple[_Entry, ...] = ()


class _KustomizationStatus(_Status):
    last_applied_revision: str = ""
    history: tuple[_Outcome, ...] = ()
    inventory: _Applied = _Applied()


class Kustomization(Object):
    """Flux's Kustomization. https://fluxcd.io/flux/components/kustomize/kustomizations/"""

    spec: _KustomizationSpec
    status: _KustomizationStatus = _KustomizationStatus()

    @property
    def last_outcome(self) -> str:
        """How the last reconciliation that came to its end ended; empty when none did."""
        return next((each.last_reconciled_status for each in self.status.history), "")

    @property
    def source(self) -> tuple[str, str, str]:
        """Kind, namespace and name of where it takes its manifests from."""
        ref = self.spec.source_ref
        return ref.kind, ref.namespace or self.metadata.namespace, ref.name

    @property
    def clusters(self) -> Iterator[tuple[str, str]]:
        """Namespace and name of the clusters that it has applied and that its source still has.

        https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory
        """
        for entry in self.status.inventory.entries:
            namespace, name, group, kind = (entry.id.split("_") + [""] * 4)[:4]
            if (group, kind) in CLUSTER_KINDS:
                yield namespace, name


class _Artifact(_Record):
    revision: str = ""


class _SourceStatus(_Status):
    artifact: _Artifact = _Artifact()


class Source(Object):
    """Flux's GitRepository or OCIRepository; the artifact's revision is the newest one that was fetched."""

    status: _SourceStatus = _SourceStatus()
