"""What the controllers are to Azure: federated identities, with no more rights than they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.program.rule import MANAGED_CLUSTER, Finding, Resource, Rule

ASSIGNMENT = "azure-native:authorization:RoleAssignment"
DEFINITION = "azure-native:authorization:RoleDefinition"
GRANTING = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Built-in roles that grant roles. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""

GRANTS = (
    *("*", "*/write", "*/action", "*/delete"),
    *("microsoft.authorization/*", "microsoft.authorization/*/write"),
    *("microsoft.authorization/roleassignments/*", "microsoft.authorization/roleassignments/write"),
)
"""Actions of everything, and of role assignments."""


def _workload_identity(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if not each.at("oidcIssuerProfile.enabled"):
            yield Finding(each.urn, "has no OIDC issuer")
        if not each.at("securityProfile.workloadIdentity.enabled"):
            yield Finding(each.urn, "has no workload identity")


def _least_privilege(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if each.kind == ASSIGNMENT:
            role = GRANTING.get(str(each.at("roleDefinitionId", "")).rpartition("/")[2].lower())
            # A condition can say which roles may be granted, to whom; there is none that tames an Owner.
            if role == "Owner" or (role and not each.at("condition")):
                yield Finding(each.urn, f"assigns {role}" + ("" if role == "Owner" else " without a condition"))
            continue
        actions = [str(action) for permission in each.at("permissions", []) for action in permission.get("actions", [])]
        for action in actions:
            if action.lower() in GRANTS:
                yield Finding(each.urn, f"is a role with the action {action}, by which its holder can grant itself all")


RULES = (
    Rule(
        id="workload-identity",
        says="The cluster has an OIDC issuer and workload identity.",
        severity="high",
        reason="Controllers then need no stored secret, and the federation is the fence against a lost cluster.",
        mend="Enable oidc_issuer_profile and security_profile.workload_identity.",
        source="https://learn.microsoft.com/azure/aks/workload-identity-overview",
        check=_workload_identity,
        of=(MANAGED_CLUSTER,),
    ),
    Rule(
        id="least-privilege",
        says="Nobody becomes Owner, and no role of ours can grant roles.",
        severity="critical",
        reason="A controller that can grant roles can become anything in the subscription.",
        mend="Assign a role that lists the actions, or put a condition on the assignment.",
        source="https://learn.microsoft.com/azure/role-based-access-control/best-practices",
        check=_least_privilege,
        of=(ASSIGNMENT, DEFINITION),
    ),
)
