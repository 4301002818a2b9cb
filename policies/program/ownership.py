"""The program builds one cluster; everything about the fleet comes from Git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.program.rule import MANAGED_CLUSTER, Finding, Resource, Rule

OWNERSHIP = "https://cluster-api.sigs.k8s.io/user/concepts#management-cluster"
COMPONENT = "slipway:azure:ManagementCluster$"
"""In the URN of what the management cluster's component holds."""

FLEET = ("cluster.x-k8s.io", ".azure.com")
"""How the API groups of Cluster API, of its providers and of Azure Service Operator end."""


def _one_cluster(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    inside = [each for each in resources if COMPONENT in each.urn]
    for each in resources:
        if each not in inside:
            yield Finding(each.urn, "is an AKS cluster that the management cluster's component did not make")
    for each in inside[1:]:
        yield Finding(each.urn, f"is a second management cluster, beside {inside[0].urn.rpartition('::')[2]}")


def _no_fleet_objects(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        provider, _colon, rest = each.kind.partition(":")
        group = rest.partition("/")[0]
        if provider == "kubernetes" and group.endswith(FLEET):
            yield Finding(each.urn, f"is a {rest.rpartition(':')[2]} of {group}, which belongs to the fleet repository")


RULES = (
    Rule(
        id="one-management-cluster",
        says="The program has one AKS cluster, the management cluster.",
        severity="critical",
        reason="A workload cluster in Pulumi's state has two owners, and `pulumi destroy` deletes it.",
        mend="Declare it in the fleet repository, as a Cluster.",
        source=OWNERSHIP,
        check=_one_cluster,
        of=(MANAGED_CLUSTER,),
        whole_stack=True,
    ),
    Rule(
        id="no-fleet-objects",
        says="Pulumi makes no object of Cluster API, its providers or Azure Service Operator.",
        severity="critical",
        reason="Pulumi and Flux would undo each other's changes, and a destroy of the stack would delete clusters.",
        mend="Move it to the fleet repository.",
        source=OWNERSHIP,
        check=_no_fleet_objects,
    ),
)
