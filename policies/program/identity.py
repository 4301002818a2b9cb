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
    *("microsoft.authorization/roledefinitions/*", "microsoft.authorization/roledefinitions/write"),
    "microsoft.authorization/roleassignments/*",
)
"""Actions of everything, and of roles: no condition tames them."""

ASSIGNS = "microsoft.authorization/roleassignments/write"
"""What a condition of the assignment can restrict to some roles."""

BECOMES = (
    ASSIGNS,
    "microsoft.managedidentity/userassignedidentities/assign/action",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write",
)
"""Actions by which somebody acts as an identity there is."""


def _workload_identity(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if not each.at("oidcIssuerProfile.enabled"):
            yield Finding(each.urn, "has no OIDC issuer")
        if not each.at("securityProfile.workloadIdentity.enabled"):
            yield Finding(each.urn, "has no workload identity")


def _least_privilege(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    assignments = [each for each in resources if each.kind == ASSIGNMENT]
    unconditional = {_role(each) for each in assignments if not each.at("condition")}
    assigned = {_role(each) for each in assignments}
    for each in assignments:
        role = GRANTING.get(_role(each))
        # A condition can say which roles may be granted, to whom; there is none that tames an Owner.
        if role == "Owner" or (role and not each.at("condition")):
            yield Finding(each.urn, f"assigns {role}" + ("" if role == "Owner" else " without a condition"))
    for each in resources:
        if each.kind == DEFINITION:
            tamed = _role(each) in assigned - unconditional
            for action in _actions(each):
                if action.lower() in GRANTS or (action.lower() == ASSIGNS and not tamed):
                    said = f"is a role with the action {action}, by which its holder can grant itself all"
                    yield Finding(each.urn, said if action.lower() in GRANTS else f"{said}, without a condition")


def _identities_out_of_reach(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    reaching = [(each, action) for each in resources if each.kind == DEFINITION for action in _actions(each)]
    reaching = [(each, action) for each, action in reaching if action.lower() in BECOMES]
    # Read only then: in a first preview the identities' ids are not known.
    ids = [str(one) for each in resources if reaching for one in each.at("identity.userAssignedIdentities", [])]
    own = {"/".join(one.lower().split("/")[:3]) for one in ids}
    for each, action in reaching:
        if own & {str(scope).lower() for scope in each.at("assignableScopes", [])}:
            yield Finding(each.urn, f"allows {action} in the management cluster's own subscription")


def _role(resource: Resource) -> str:
    """The GUID of a role's definition, of the definition itself or of an assignment."""
    found = resource.at("roleDefinitionId") or resource.at("name", "")
    return str(found).rpartition("/")[2].lower()


def _actions(definition: Resource) -> list[str]:
    permissions = definition.at("permissions", [])
    return [str(action) for permission in permissions for action in permission.get("actions", [])]


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
        says="Nobody becomes Owner, and no role of ours can grant roles, but under a condition.",
        severity="critical",
        reason="A controller that can grant roles can become anything in the subscription.",
        mend="Assign a role that lists the actions, or put a condition on the assignment.",
        source="https://learn.microsoft.com/azure/role-based-access-control/best-practices",
        check=_least_privilege,
        of=(ASSIGNMENT, DEFINITION),
        whole_stack=True,
    ),
    Rule(
        id="identities-out-of-reach",
        says="No role of ours gives or trusts identities where the management cluster's own are.",
        severity="high",
        reason="Who can make an identity trust a token of its own acts as Flux, and administers every cluster.",
        mend="Set slipway:fleetSubscriptions to others, or leave such kinds out of slipway:teamResources.",
        source="https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
        check=_identities_out_of_reach,
        of=(DEFINITION, MANAGED_CLUSTER),
        whole_stack=True,
    ),
)
