"""What keeps the management cluster up, and up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.program.rule import MANAGED_CLUSTER, Finding, Resource, Rule

WINDOWS = "azure-native:containerservice:MaintenanceConfiguration"
SCHEDULES = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
"""The names Azure reserves. https://learn.microsoft.com/azure/aks/planned-maintenance"""


def _zones(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        for pool in each.at("agentPoolProfiles", []):
            if len(pool.get("availabilityZones") or []) < 2:
                yield Finding(each.urn, f"has the pool {pool.get('name')} in fewer than two zones")


def _tier(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if (tier := each.at("sku.tier", "Free")) not in ("Standard", "Premium"):
            yield Finding(each.urn, f"is of the tier {tier}, which has no SLA and a small API server")


def _channels(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if each.at("autoUpgradeProfile.upgradeChannel", "none") == "none":
            yield Finding(each.urn, "gets no patches of Kubernetes by itself")
        if each.at("autoUpgradeProfile.nodeOSUpgradeChannel", "None") not in ("NodeImage", "SecurityPatch"):
            yield Finding(each.urn, "gets no patches of its nodes by itself")


def _windows(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    # A rule of the whole stack sees what Azure answers, in which the input configName is the name.
    there = {each.at("name") for each in resources if each.kind == WINDOWS}
    missing = [name for name in SCHEDULES if name not in there]
    for each in resources:
        if each.kind == MANAGED_CLUSTER and missing:
            yield Finding(each.urn, f"has no maintenance window {' and no '.join(missing)}")


_CLUSTER = (MANAGED_CLUSTER,)
RULES = (
    Rule(
        id="zones",
        says="Every pool spreads over zones.",
        severity="medium",
        reason="The fleet is neither changed nor repaired while the management cluster is away.",
        mend="Set slipway:zones.",
        source="https://learn.microsoft.com/azure/aks/reliability-availability-zones-overview",
        check=_zones,
        of=_CLUSTER,
    ),
    Rule(
        id="standard-tier",
        says="The control plane is of the Standard or Premium tier.",
        severity="medium",
        reason="The Free tier has no SLA, and its API server is sized for ten nodes, not for a fleet's watches.",
        mend="Set slipway:tier to Standard.",
        source="https://learn.microsoft.com/azure/aks/free-standard-pricing-tiers",
        check=_tier,
        of=_CLUSTER,
    ),
    Rule(
        id="auto-upgrade",
        says="Patches of Kubernetes and of the nodes come by themselves.",
        severity="medium",
        reason="The cluster that can delete all others must not be the one with last year's kernel.",
        mend="Write slipway:kubernetesVersion with two numbers, such as 1.36.",
        source="https://learn.microsoft.com/azure/aks/auto-upgrade-cluster",
        check=_channels,
        of=_CLUSTER,
    ),
    Rule(
        id="maintenance-windows",
        says="Those patches come in a window.",
        severity="medium",
        reason="Nodes are then not drained in the middle of a wave.",
        mend="Declare a MaintenanceConfiguration of each of the two reserved names.",
        source="https://learn.microsoft.com/azure/aks/planned-maintenance",
        check=_windows,
        of=(MANAGED_CLUSTER, WINDOWS),
        whole_stack=True,
    ),
)
