"""PodDisruptionBudgets: a drain takes one replica of a controller at a time, and waits until another one runs.

Without one for a controller of a single replica: no node under it could be drained, and AKS could not upgrade it.
https://learn.microsoft.com/azure/aks/upgrade-aks-cluster
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from infra.controller_settings import ControllerSettings
from management_cluster.connection import OURS, Connection
from management_cluster.controllers import by_clusterctl, by_flux


class DisruptionBudgets(pulumi.ComponentResource):
    """One for each controller with more than one replica; after those who make the namespaces."""

    def __init__(
        self,
        resource_name: str,
        settings: ControllerSettings,
        connection: Connection,
        *,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:kubernetes:DisruptionBudgets", resource_name, None, opts)
        for each in [*by_clusterctl(settings), *by_flux(settings)]:
            if each.budgeted:
                kubernetes.policy.v1.PodDisruptionBudget(
                    f"{each.name}-budget",
                    metadata=ObjectMetaArgs(name=each.name, namespace=each.namespace, annotations=OURS),
                    spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
                        max_unavailable=1,
                        selector=LabelSelectorArgs(match_labels=dict(each.pods)),
                        # One that crashes must not hold up the upgrade that mends it.
                        unhealthy_pod_eviction_policy="AlwaysAllow",
                    ),
                    opts=connection.options(self, depends_on=after),
                )
        self.register_outputs({})
