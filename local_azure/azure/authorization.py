"""Microsoft.Authorization: role assignments and role definitions, on any scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from local_azure.azure import conditions
from local_azure.azure.access import ASSIGNMENTS, DEFINITIONS, assignable, built_in_roles, covers
from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.resource_type import Call, Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure


class RoleAssignments(ResourceType):
    """https://learn.microsoft.com/azure/role-based-access-control/troubleshooting

    Assignments act at once; in Azure it takes minutes.
    """

    name = ASSIGNMENTS
    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A GUID names one principal, role and scope, for good; the same three exist once."""
        _require_guid(put.id.name, "role assignment", "InvalidRoleAssignmentId")
        properties = put.properties
        role = azure.access.definition(properties["roleDefinitionId"])
        if role is None or not assignable(role, put.id.scope):
            name = properties["roleDefinitionId"].rsplit("/", 1)[-1]
            raise bad_request(
                "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{name}' does not exist."
            )
        scope = put.id.scope
        wanted = {**properties, "scope": scope, "principalType": properties.get("principalType", "ServicePrincipal")}
        self._check_principal(azure, properties)
        _check_condition(properties)
        if put.existing is not None:
            if _triple(put.existing.properties) != _triple(wanted):
                raise bad_request(
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                )
        else:
            self._check_unique(azure, wanted)
        return Resource(put.id.text, self.name, {"properties": wanted})

    def attributes(self, azure: Azure, call: Call, identifier: ResourceId) -> Mapping[str, str]:
        """What the request asks for, and what is there: role, principal and its type."""
        there = azure.store.get(identifier.text) if not identifier.is_collection else None
        found: dict[str, str] = {}
        for source, body in (("@Request", call.body), ("@Resource", there.body if there else None)):
            properties = _lowered(_lowered(body).get("properties"))
            if properties.get("roledefinitionid"):
                found[f"{source}:RoleDefinitionId"] = str(properties["roledefinitionid"]).rsplit("/", 1)[-1]
                found[f"{source}:PrincipalId"] = str(properties.get("principalid"))
                found[f"{source}:PrincipalType"] = str(properties.get("principaltype") or "ServicePrincipal")
        return found

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the full ID of the role definition in this subscription."""
        shown = super().view(azure, resource)
        guid = resource.properties["roleDefinitionId"].rsplit("/", 1)[-1]
        full = f"/subscriptions/{azure.subscription}/providers/{DEFINITIONS}/{guid}"
        return {**shown, "properties": {**resource.properties, "roleDefinitionId": full}}

    def listed(self, azure: Azure, within: str, query: Mapping[str, str]) -> list[Resource]:
        """Those at, above and below a scope, as `$filter` says: `atScope()` leaves out those below."""
        condition = query.get("$filter", "").replace(" ", "")
        principal = condition.partition("principalIdeq'")[2].partition("'")[0].lower()
        found = []
        for assignment in azure.store.of_type(self.name):
            scope = assignment.properties["scope"]
            at = covers(scope, within) or ("atScope()" not in condition and covers(within, scope))
            if at and principal in ("", assignment.properties["principalId"].lower()):
                found.append(assignment)
        return found

    def _check_principal(self, azure: Azure, properties: Mapping[str, Any]) -> None:
        """With `principalType` Azure trusts the caller that the principal will appear; without, it must be there."""
        principal, kind = properties["principalId"], properties.get("principalType")
        if azure.directory.knows(principal):
            if kind not in (None, "ServicePrincipal"):
                raise bad_request(
                    "UnmatchedPrincipalType",
                    f"The PrincipalId '{principal.replace('-', '')}' has type 'ServicePrincipal' , which is "
                    f"different from specified PrinciaplType '{kind}'.",
                )
        elif kind is None:
            raise bad_request(
                "PrincipalNotFound",
                f"Principal {principal.replace('-', '')} does not exist in the directory {azure.tenant}. Check that "
                "you have the correct principal ID. If you are creating this principal and then immediately "
                "assigning a role, this error might be related to a replication delay. In this case, set the role "
                "assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See "
                "https://aka.ms/docs-principaltype",
            )

    def _check_unique(self, azure: Azure, wanted: Mapping[str, Any]) -> None:
        for other in azure.store.of_type(self.name):
            if _triple(other.properties) == _triple(wanted):
                raise conflict(
                    "RoleAssignmentExists",
                    "The role assignment already exists. The ID of the conflicting role assignment is "
                    f"{other.name.replace('-', '')}.",
                )


class RoleDefinitions(ResourceType):
    """Custom roles; Azure's built-in ones are shown beside them."""

    name = DEFINITIONS
    updated = 201
    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Role names are unique in the tenant; a role says in which subscriptions and groups it can be assigned."""
        _require_guid(put.id.name, "role definition", "InvalidRoleDefinitionId")
        self._check_scopes(put)
        title = put.properties.get("roleName")
        others = {role.properties["roleName"] for role in azure.store.of_type(self.name) if role.key != put.id.key}
        if title in others | {role["roleName"] for role in built_in_roles().values()}:
            raise conflict(
                "RoleDefinitionWithSameNameExists",
                f"A role definition cannot be created with the name '{title}': it exists.",
            )
        return Resource(put.id.text, self.name, {"properties": {**put.properties, "type": "CustomRole"}})

    def _check_scopes(self, put: Put) -> None:
        """The codes are guessed, the rules are not: https://learn.microsoft.com/azure/role-based-access-control/custom-roles"""
        scopes = put.properties.get("assignableScopes") or []
        if not scopes:
            raise bad_request("MissingAssignableScopes", "A role definition must have at least one assignable scope.")
        for scope in scopes:
            if scope.rstrip("/") == "":
                raise bad_request(
                    "InvalidAssignableScope", "The root scope '/' cannot be an assignable scope of a custom role."
                )

    def find(self, azure: Azure, identifier: ResourceId) -> Resource | None:
        """A role is the same at every scope it is asked for."""
        role = azure.access.definition(identifier.name)
        return None if role is None else Resource(identifier.text, self.name, {"properties": dict(role)})

    def listed(self, azure: Azure, within: str, query: Mapping[str, str]) -> list[Resource]:
        """Built-in and custom roles; `$filter` may ask for one by `roleName eq '…'`."""
        title = query.get("$filter", "").partition("roleName eq '")[2].partition("'")[0]
        built_in = [_built_in(within, guid, role) for guid, role in built_in_roles().items()]
        roles = built_in + azure.store.of_type(self.name)
        return [role for role in roles if title in ("", role.properties["roleName"])]

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """A role that is assigned stays."""
        for assignment in azure.store.of_type(ASSIGNMENTS):
            if assignment.properties["roleDefinitionId"].lower().endswith(resource.name.lower()):
                raise conflict(
                    "RoleDefinitionHasAssignments",
                    "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
                )


def _built_in(scope: str, guid: str, role: Mapping[str, Any]) -> Resource:
    return Resource(f"{scope.rstrip('/')}/providers/{DEFINITIONS}/{guid}", DEFINITIONS, {"properties": dict(role)})


def _lowered(body: Any) -> dict[str, Any]:
    """Members are taken in any spelling, the last of two counts; so does what a condition is about."""
    return {name.lower(): value for name, value in body.items()} if isinstance(body, dict) else {}


def _check_condition(properties: Mapping[str, Any]) -> None:
    """Only what is understood is taken, so that no condition is without effect. The codes are guessed."""
    condition, version = properties.get("condition"), properties.get("conditionVersion")
    if not condition:
        return
    if version != conditions.VERSION:
        raise bad_request(
            "InvalidConditionVersion",
            f"The condition version '{version}' is not supported; use '{conditions.VERSION}'.",
        )
    try:
        conditions.parse(condition)
    except conditions.NotUnderstood as error:
        raise bad_request("InvalidCondition", f"The role assignment condition is invalid: {error}.") from None


def _triple(properties: Mapping[str, Any]) -> tuple[str, str, str]:
    role = properties["roleDefinitionId"].rsplit("/", 1)[-1]
    return properties["principalId"].lower(), role.lower(), properties["scope"].lower()


def _require_guid(name: str, what: str, code: str) -> None:
    try:
        uuid.UUID(name)
    except ValueError:
        raise bad_request(code, f"The {what} ID '{name}' is not valid. The {what} ID must be a GUID.") from None
