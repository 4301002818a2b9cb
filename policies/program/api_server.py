"""Who reaches the API server, and as whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.program.rule import MANAGED_CLUSTER, Finding, Resource, Rule

EVERYBODY = ("0.0.0.0/0", "0.0.0.0")


def _restricted(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        ranges = each.at("apiServerAccessProfile.authorizedIPRanges", [])
        if each.at("apiServerAccessProfile.enablePrivateCluster"):
            continue
        if not ranges:
            yield Finding(each.urn, "has an API server that the whole internet reaches")
        elif any(one in EVERYBODY for one in ranges):
            yield Finding(each.urn, "authorizes every address")


def _no_local_accounts(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if not each.at("disableLocalAccounts"):
            yield Finding(each.urn, "has local accounts: an administrator's certificate that nobody can revoke")


def _entra(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if not each.at("aadProfile.managed"):
            yield Finding(each.urn, "does not take its users from Entra")
        elif not each.at("aadProfile.enableAzureRBAC"):
            yield Finding(each.urn, "does not take its users' rights from Azure RBAC")


RULES = (
    Rule(
        id="api-server-restricted",
        says="The API server is private, or open to named ranges only.",
        severity="high",
        reason="Whoever holds a credential of the management cluster owns every cluster of the fleet.",
        mend="Set slipway:privateApiServer, or slipway:authorizedIpRanges to the ranges of operators and pipelines.",
        source="https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges",
        check=_restricted,
        of=(MANAGED_CLUSTER,),
    ),
    Rule(
        id="no-local-accounts",
        says="Local accounts are off.",
        severity="high",
        reason="A local administrator is nobody: no sign-in log, no conditional access, no way to withdraw it.",
        mend="Set disable_local_accounts on the cluster.",
        source="https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad",
        check=_no_local_accounts,
        of=(MANAGED_CLUSTER,),
    ),
    Rule(
        id="entra-and-azure-rbac",
        says="Users come from Entra, and their rights from Azure RBAC.",
        severity="high",
        reason="Joining, moving and leaving then take effect here as everywhere else.",
        mend="Set aad_profile with managed and enable_azure_rbac.",
        source="https://learn.microsoft.com/azure/aks/manage-azure-rbac",
        check=_entra,
        of=(MANAGED_CLUSTER,),
    ),
)
