"""The versions that are installed unless a stack says otherwise. This is the one place where they are pinned.

Change a line here (or the setting of the same name in one stack) and `pulumi preview` shows what is upgraded from
which version to which.
"""

from __future__ import annotations

from typing import Final

CLUSTER_API: Final = "v1.12.8"
"""Cluster API core with the kubeadm bootstrap and control plane providers, which are released together.
https://github.com/kubernetes-sigs/cluster-api/releases"""

CERT_MANAGER: Final = "v1.20.2"
"""What clusterctl of that release brings, unless its configuration file names another; only to list images.
https://github.com/kubernetes-sigs/cluster-api/blob/v1.12.8/cmd/clusterctl/client/config/cert_manager_client.go"""

AZURE_PROVIDER: Final = "v1.23.1"
"""Cluster API provider for Azure; brings Azure Service Operator 2.13.0.
https://github.com/kubernetes-sigs/cluster-api-provider-azure/releases"""

FLUX: Final = "v2.9.5"
"""Flux, on the management cluster and (by the fleet repository) as agent on workload clusters.
https://github.com/fluxcd/flux2/releases"""

KUBERNETES: Final = "1.36"
"""Kubernetes of the management cluster; AKS keeps its patches current. https://learn.microsoft.com/azure/aks/supported-kubernetes-versions"""

KUBELOGIN: Final = "v0.2.18"
"""Signs in to the management cluster, which has no local accounts. https://github.com/Azure/kubelogin/releases"""
