"""How Kubernetes objects get into the management cluster, and what becomes of them when it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes

from infra.aks import Aks
from management_cluster.admission import Admission
from management_cluster.reachability import for_preview

OURS: Final = {"pulumi.com/patchForce": "true"}
"""On every object: one that exists already was made by a run that was killed before it could record it. Without this,
that run's field manager would keep it from us.
https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"""


class Connection:
    """A way into the cluster for the components of this package, open once the cluster lets the program in.

    Attributes:
        kubeconfig: YAML; a secret.

    Args:
        resource_name: logical name of the Kubernetes provider.
        aks: the cluster.
        identifier: what makes it the same cluster although its kubeconfig changes, e.g. its ARM id's last part.
    """

    def __init__(self, resource_name: str, aks: Aks, *, identifier: str) -> None:
        self._aks = aks
        self.kubeconfig = Admission(
            "admission", aks.kubeconfig, pulumi.ResourceOptions(deleted_with=aks.cluster)
        ).kubeconfig
        self.provider = kubernetes.Provider(
            resource_name,
            kubeconfig=for_preview(self.kubeconfig),
            # Without it, a renewed kubeconfig (or one unknown in preview) would replace every object in the cluster.
            cluster_identifier=identifier,
            # A refresh takes what it cannot reach for lost. Creating what is there already is only an apply, so this
            # costs nothing where the cluster is away for a moment, and a lost one needs no edit of the state.
            delete_unreachable=True,
            enable_server_side_apply=True,
            # Otherwise a changed ConfigMap or Secret is a new one under the same name, and the old one is deleted.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(deleted_with=aks.cluster),
        )

    def options(
        self, parent: pulumi.Resource | None = None, *, depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """Options of an object in the cluster: when the cluster is deleted, the object is not deleted one by one."""
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self.provider,
            depends_on=list(depends_on),
            deleted_with=self._aks.cluster,
        )
