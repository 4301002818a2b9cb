"""What stands behind a ManagedCluster: the interface to real Kubernetes clusters.

`local_azure.clusters` implements it; the simulator knows only this. Calls block until the real thing is there (or
gone), may come from several threads, and may be repeated: an operation that was interrupted runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from local_azure.clusters.spec import ClusterSpec, PoolSpec

__all__ = ["ClusterSpec", "Clusters", "PoolSpec"]


class Clusters(Protocol):
    """Real clusters by the resource ID of their ManagedCluster, compared without regard to case.

    Every method raises an exception with a message for people when the real thing fails.
    """

    def create(self, spec: ClusterSpec) -> None:
        """Make the control plane, or finish making it; returns when its API answers."""

    def set_pool(self, resource_id: str, pool: PoolSpec) -> None:
        """Give a pool its nodes; returns when they are as the pool says."""

    def delete_pool(self, resource_id: str, name: str) -> None:
        """Remove a pool's nodes."""

    def delete(self, resource_id: str) -> None:
        """Remove a cluster and everything it was made of; nothing happens when there is none."""

    def admin_kubeconfig(self, resource_id: str) -> str:
        """A kubeconfig (YAML) with a client certificate of `system:masters`."""

    def user_kubeconfig(self, resource_id: str) -> str:
        """A kubeconfig (YAML) as AKS gives it to users: with Entra it calls kubelogin and holds no secret."""

    def jwks(self, resource_id: str) -> Mapping[str, Any]:
        """The JSON Web Key Set of the cluster's service account issuer."""
