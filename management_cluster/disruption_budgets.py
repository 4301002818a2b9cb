"""PodDisruptionBudgets: a drain takes one controller of a namespace at a time, and waits until another replica runs.

None for a controller of a single replica: no node under it could be drained, and AKS could not upgrade it.
https://learn.microsoft.com/azure/aks/upgrade-aks-cluster
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs, ObjectMetaArgs

from infra.controller_settings import ControllerSettings
from management_cluster.connection import OURS, Connection
from management_cluster.controllers import by_clusterctl, by_flux


class DisruptionBudgets(pulumi.ComponentResource):
    """One for each namespace's controllers of more than one replica; after those who make the namespaces."""

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
        for namespace, pods in budgets(settings).items():
            kubernetes.policy.v1.PodDisruptionBudget(
                f"{namespace}-budget",
                metadata=ObjectMetaArgs(name="controllers", namespace=namespace, annotations=OURS),
                spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
                    max_unavailable=1,
                    selector=LabelSelectorArgs(
                        match_expressions=[
                            LabelSelectorRequirementArgs(key=key, operator="In", values=values)
                            for key, values in pods.items()
                        ]
                    ),
                    # One that crashes must not hold up the upgrade that mends it.
                    unhealthy_pod_eviction_policy="AlwaysAllow",
                ),
                opts=connection.options(self, depends_on=after),
            )
        self.register_outputs({})


def budgets(settings: ControllerSettings) -> dict[str, Mapping[str, list[str]]]:
    """By namespace, which pods share a budget: the values that each of their labels may have.

    A budget over several Deployments counts the replicas of all:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors
    """
    found = sorted(
        (each for each in [*by_clusterctl(settings), *by_flux(settings)] if each.budgeted), key=attrgetter("namespace")
    )
    shared: dict[str, Mapping[str, list[str]]] = {}
    for namespace, group in groupby(found, attrgetter("namespace")):
        pods = [each.pods for each in group]
        shared[namespace] = {key: sorted(each[key] for each in pods) for key in pods[0]}
    return shared
