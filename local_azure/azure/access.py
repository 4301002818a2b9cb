"""Azure role-based access control: who may do what where, decided from the stored role assignments.

An assignment counts at its scope and everything below, where its condition holds; `notActions` take away only from
their own role: https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from local_azure.azure import conditions
from local_azure.azure.directory import Principal
from local_azure.azure.errors import ArmError
from local_azure.azure.store import Resource, Store

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

NEEDED: ContextVar[list[str] | None] = ContextVar("NEEDED", default=None)
"""Where the actions are noted that the request being answered has to be allowed; the request log keeps them."""


@lru_cache
def built_in_roles() -> Mapping[str, Mapping[str, Any]]:
    """Azure's built-in roles that are known here, by their GUID.

    From https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    """
    roles: dict[str, Mapping[str, Any]] = json.loads((Path(__file__).parent / "built_in_roles.json").read_text())
    return roles


class Access:
    """Decides on the role assignments in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(
        self, principal: str, action: str, scope: str, *, data: bool = False, about: conditions.Attributes | None = None
    ) -> bool:
        """Whether `principal` (an object ID) may do `action` (or the data action) on `scope` (an ID).

        `about` is what conditions can ask for: without, an assignment whose condition asks for it does not count.
        """
        granted, taken = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        for assignment in self._assignments(principal, scope):
            for permission in (self.definition(assignment["roleDefinitionId"]) or {}).get("permissions", ()):
                allowed = _matches(action, permission.get(granted, ()))
                if allowed and not _matches(action, permission.get(taken, ())):
                    condition = assignment.get("condition")
                    if not condition or conditions.parse(condition).holds(action, about or {}):
                        return True
        return False

    def require(self, caller: Principal, action: str, scope: str, about: conditions.Attributes | None = None) -> None:
        """Raise ArmError 403 AuthorizationFailed, in ARM's words, unless `caller` may do `action` on `scope`."""
        _note(action)
        if self.allows(caller.object_id, action, scope, about=about):
            return
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to "
            f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
            "please refresh your credentials.",
        )

    def allows_data(self, caller: Principal, action: str, scope: str) -> bool:
        """Whether `caller` may do a data action on `scope`: what a service asks that has words of its own."""
        _note(action)
        return self.allows(caller.object_id, action, scope, data=True)

    def require_linked(self, caller: Principal, action: str, scope: str, *, linked: str, needed: str) -> None:
        """Raise ArmError 403 LinkedAuthorizationFailed unless `caller` may do `needed` on the resource `linked`."""
        _note(needed)
        if self.allows(caller.object_id, needed, linked):
            return
        raise ArmError(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{caller.client_id}' with object id '{caller.object_id}' has permission to perform action "
            f"'{action}' on scope '{scope}'; however, it does not have permission to perform action(s) '{needed}' on "
            f"the linked scope(s) '{linked}' (respectively) or the linked scope(s) are invalid.",
        )

    def definition(self, identifier: str) -> Mapping[str, Any] | None:
        """The properties of a role definition, built-in or custom; `identifier` is its ID with any scope before it."""
        guid = identifier.rsplit("/", 1)[-1].lower()
        if guid in built_in_roles():
            return built_in_roles()[guid]
        custom = [role for role in self._store.of_type(DEFINITIONS) if role.name.lower() == guid]
        return custom[0].properties if custom else None

    def _assignments(self, principal: str, scope: str) -> Iterable[Mapping[str, Any]]:
        for assignment in self._store.of_type(ASSIGNMENTS):
            properties = assignment.properties
            if properties["principalId"].lower() == principal.lower() and covers(properties["scope"], scope):
                yield properties


def covers(scope: str, resource: str) -> bool:
    """Whether what is assigned at `scope` counts for `resource`."""
    outer, inner = scope.lower().rstrip("/"), resource.lower()
    return inner == outer or inner.startswith(outer + "/")


def assignable(role: Mapping[str, Any], scope: str) -> bool:
    """Whether a role can be assigned at `scope`: built-in ones everywhere, custom ones in their scopes and below."""
    return any(each == "/" or covers(each, scope) for each in role.get("assignableScopes") or ())


def seed_owner(store: Store, subscription: str, principal: str) -> None:
    """Make `principal` Owner of the subscription, once: somebody has to be first."""
    scope = f"/subscriptions/{subscription}"
    held = [found for found in store.of_type(ASSIGNMENTS) if found.properties["principalId"] == principal]
    if any(found.properties["scope"].lower() == scope for found in held):
        return
    name = principal  # any GUID names an assignment
    properties = {
        "roleDefinitionId": f"{scope}/providers/{DEFINITIONS}/{OWNER}",
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "scope": scope,
    }
    store.put(Resource(f"{scope}/providers/{ASSIGNMENTS}/{name}", ASSIGNMENTS, {"properties": properties}))


def _note(action: str) -> None:
    needed = NEEDED.get()
    if needed is not None and action not in needed:
        needed.append(action)


def _matches(action: str, patterns: Sequence[str]) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Azure's wildcard stands for any text, slashes too."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE)
