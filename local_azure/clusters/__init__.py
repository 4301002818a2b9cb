"""The real Kubernetes clusters that stand behind the simulator's ManagedClusters."""

from local_azure.clusters.clusters import Clusters
from local_azure.clusters.spec import ClusterSpec, PoolSpec

__all__ = ["ClusterSpec", "Clusters", "PoolSpec"]
