"""Flux's objects, as far as a status is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import Field

from fleet.status.records import Object, Record, Reference, Status

CLUSTER_KINDS: Final = (("cluster.x-k8s.io", "Cluster"), ("containerservice.azure.com", "ManagedCluster"))
"""Group and kind of what a request can be."""


class _PostBuild(Record):
    substitute: dict[str, str] = Field(default_factory=dict)


class _KustomizationSpec(Record):
    source_ref: Reference
    suspend: bool = False
    path: str = ""
    depends_on: tuple[Reference, ...] = ()
    post_build: _PostBuild = _PostBuild()


class _Outcome(Record):
    last_reconciled_status: str = ""


class _Entry(Record):
    id: str


class _Applied(Record):
    entries: tuple[_Entry, ...] = ()


class _KustomizationStatus(Status):
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


class _Artifact(Record):
    revision: str = ""


class _SourceStatus(Status):
    artifact: _Artifact = _Artifact()


class Source(Object):
    """Flux's GitRepository or OCIRepository; the artifact's revision is the newest one that was fetched."""

    status: _SourceStatus = _SourceStatus()
