"""Role assignments and definitions."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from tests.conformance.running import SUBSCRIPTION, words

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"


@pytest.fixture
def principal(identities: Any, group: str) -> str:
    return str(
        identities.user_assigned_identities.create_or_update(group, "i", {"location": "northeurope"}).principal_id
    )


def assignment(principal: str, role: str = CONTRIBUTOR, kind: str | None = "ServicePrincipal") -> dict[str, Any]:
    return {"principal_id": principal, "principal_type": kind, "role_definition_id": f"{ROLES}/{role}"}


def test_an_assignment_is_created_shown_listed_and_deleted(roles: Any, group: str, principal: str) -> None:
    scope, name = f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4())
    created = roles.role_assignments.create(scope, name, assignment(principal))
    assert (created.name, created.scope, created.role_definition_id) == (name, scope, f"{ROLES}/{CONTRIBUTOR}")
    assert roles.role_assignments.get_by_id(created.id).principal_id == principal
    at_scope = roles.role_assignments.list_for_scope(scope, filter=f"principalId eq '{principal}'")
    assert [found.name for found in at_scope] == [name]
    assert len(list(roles.role_assignments.list_for_scope(scope))) > 1
    roles.role_assignments.delete(scope, name)
    assert list(roles.role_assignments.list_for_scope(scope, filter=f"principalId eq '{principal}'")) == []


def test_the_same_role_is_assigned_once(roles: Any, group: str, principal: str) -> None:
    scope = f"{SUBSCRIPTION}/resourceGroups/{group}"
    roles.role_assignments.create(scope, str(uuid.uuid4()), assignment(principal))
    with pytest.raises(ResourceExistsError) as refused:
        roles.role_assignments.create(scope, str(uuid.uuid4()), assignment(principal))
    assert words(refused).code == "RoleAssignmentExists"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role_definition_id": f"{ROLES}/{uuid.uuid4()}"}, "RoleDefinitionDoesNotExist"),
        ({"principal_id": str(uuid.uuid4()), "principal_type": None}, "PrincipalNotFound"),
        ({"principal_type": "User"}, "UnmatchedPrincipalType"),
    ],
)
def test_an_assignment_that_makes_no_sense(
    roles: Any, group: str, principal: str, change: dict[str, Any], code: str
) -> None:
    scope = f"{SUBSCRIPTION}/resourceGroups/{group}"
    with pytest.raises(HttpResponseError) as refused:
        roles.role_assignments.create(scope, str(uuid.uuid4()), {**assignment(principal), **change})
    assert (refused.value.status_code, words(refused).code) == (400, code)


def test_an_assignment_cannot_be_changed(roles: Any, group: str, principal: str) -> None:
    scope, name = f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4())
    roles.role_assignments.create(scope, name, assignment(principal))
    with pytest.raises(HttpResponseError) as refused:
        reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
        roles.role_assignments.create(scope, name, assignment(principal, reader))
    assert words(refused).code == "RoleAssignmentUpdateNotPermitted"


def test_assignments_go_with_what_they_are_for(resources: Any, roles: Any, group: str, principal: str) -> None:
    scope, name = f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4())
    roles.role_assignments.create(scope, name, assignment(principal))
    resources.resource_groups.begin_delete(group).result()
    listed = roles.role_assignments.list_for_scope(SUBSCRIPTION)
    assert name not in [found.name for found in listed]


def test_built_in_and_custom_roles(roles: Any) -> None:
    contributor = roles.role_definitions.get(SUBSCRIPTION, CONTRIBUTOR)
    assert contributor.role_name == "Contributor"
    assert "Microsoft.Authorization/*/Write" in contributor.permissions[0].not_actions
    found = roles.role_definitions.list(SUBSCRIPTION, filter="roleName eq 'Network Contributor'")
    assert [role.name for role in found] == ["4d97b98b-1d4f-4787-a291-c67834d212e7"]
    custom = roles.role_definitions.create_or_update(
        SUBSCRIPTION,
        str(uuid.uuid4()),
        {
            "role_name": "Reader of networks",
            "permissions": [{"actions": ["Microsoft.Network/*/read"]}],
            "assignable_scopes": [SUBSCRIPTION],
        },
    )
    assert custom.role_type == "CustomRole"
    assert custom.name in [role.name for role in roles.role_definitions.list(SUBSCRIPTION)]


def custom(title: str, *actions: str, scope: str = SUBSCRIPTION) -> dict[str, Any]:
    return {"role_name": title, "permissions": [{"actions": list(actions)}], "assignable_scopes": [scope]}


def test_a_role_of_ones_own_is_changed_assigned_where_it_may_be_and_removed_when_nobody_has_it(
    roles: Any, group: str, principal: str
) -> None:
    scope, name = f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4())
    made = roles.role_definitions.create_or_update(scope, name, custom(f"In {group}", "*/read", scope=scope))
    assert (made.assignable_scopes, made.permissions[0].actions) == ([scope], ["*/read"])
    changed = custom(f"In {group}", "Microsoft.Network/*/read", scope=scope)
    roles.role_definitions.create_or_update(scope, name, changed)
    assert roles.role_definitions.get(scope, name).permissions[0].actions == ["Microsoft.Network/*/read"]

    with pytest.raises(HttpResponseError) as refused:
        roles.role_assignments.create(SUBSCRIPTION, str(uuid.uuid4()), assignment(principal, name))
    assert words(refused).code == "RoleDefinitionDoesNotExist"
    assigned = roles.role_assignments.create(scope, str(uuid.uuid4()), assignment(principal, name))
    with pytest.raises(ResourceExistsError) as refused:
        roles.role_definitions.delete(scope, name)
    assert words(refused).code == "RoleDefinitionHasAssignments"
    roles.role_assignments.delete_by_id(assigned.id)
    roles.role_definitions.delete(scope, name)
    assert name not in [role.name for role in roles.role_definitions.list(scope)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"assignable_scopes": []}, "MissingAssignableScopes"),
        ({"assignable_scopes": ["/"]}, "InvalidAssignableScope"),
        ({"role_name": "Reader"}, "RoleDefinitionWithSameNameExists"),
    ],
)
def test_a_role_that_makes_no_sense(roles: Any, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        roles.role_definitions.create_or_update(SUBSCRIPTION, str(uuid.uuid4()), {**custom("Odd", "*/read"), **changed})
    assert words(refused).code == code


KIND = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'"


def test_a_condition_is_kept_and_can_be_changed(roles: Any, group: str, principal: str) -> None:
    scope, name = f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4())
    for condition in (KIND, "!(ActionMatches{'*'})"):
        wanted = {**assignment(principal), "condition": condition, "condition_version": "2.0"}
        made = roles.role_assignments.create(scope, name, wanted)
        assert (made.condition, made.condition_version) == (condition, "2.0")


@pytest.mark.parametrize(
    ("condition", "version", "code"),
    [
        (KIND, "1.0", "InvalidConditionVersion"),
        (KIND.replace("'User'", ""), "2.0", "InvalidCondition"),
        (KIND.replace("PrincipalType", "Owner"), "2.0", "InvalidCondition"),
    ],
)
def test_a_condition_that_would_have_no_effect_is_refused(  # noqa: PLR0917
    roles: Any, group: str, principal: str, condition: str, version: str, code: str
) -> None:
    wanted = {**assignment(principal), "condition": condition, "condition_version": version}
    with pytest.raises(HttpResponseError) as refused:
        roles.role_assignments.create(f"{SUBSCRIPTION}/resourceGroups/{group}", str(uuid.uuid4()), wanted)
    assert (refused.value.status_code, words(refused).code) == (400, code)
