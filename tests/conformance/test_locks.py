"""Locks, by Microsoft's own client."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.locks import ManagementLockClient

from tests.conformance.running import SUBSCRIPTION, Running, words
from tests.conformance.test_roles import assignment

KEEP = {"level": "CanNotDelete", "notes": "keep it"}
GUID = "6f1d1c1e-0000-4000-8000-00000000000b"


@pytest.fixture
def locks(azure: Running) -> Any:
    return azure.client(ManagementLockClient).management_locks


@pytest.fixture
def scope(group: str) -> str:
    return f"{SUBSCRIPTION}/resourceGroups/{group}"


@pytest.fixture
def identity(identities: Any, group: str) -> Any:
    return identities.user_assigned_identities.create_or_update(group, "i", {"location": "northeurope"})


def test_a_lock_is_created_shown_listed_and_deleted(locks: Any, group: str, scope: str) -> None:
    made = locks.create_or_update_at_resource_group_level(group, "keep", KEEP)
    assert (made.name, made.level, made.notes) == ("keep", "CanNotDelete", "keep it")
    assert made.id == f"{scope}/providers/Microsoft.Authorization/locks/keep"
    assert locks.get_by_scope(scope, "keep").level == "CanNotDelete"
    assert [found.name for found in locks.list_at_resource_group_level(group)] == ["keep"]
    locks.delete_at_resource_group_level(group, "keep")
    assert list(locks.list_by_scope(scope)) == []


def test_a_locked_group_and_all_in_it_can_be_changed_but_not_deleted(
    resources: Any, identities: Any, locks: Any, group: str, identity: Any
) -> None:
    locks.create_or_update_at_resource_group_level(group, "keep", KEEP)
    for delete, named in (
        (resources.resource_groups.begin_delete, (group,)),
        (identities.user_assigned_identities.delete, (group, "i")),
    ):
        with pytest.raises(HttpResponseError) as refused:
            delete(*named)
        assert (refused.value.status_code, words(refused).code) == (409, "ScopeLocked")
    changed = {"location": "northeurope", "tags": {"a": "1"}}
    assert identities.user_assigned_identities.create_or_update(group, "i", changed).tags == {"a": "1"}
    locks.delete_at_resource_group_level(group, "keep")
    resources.resource_groups.begin_delete(group).result()


def test_one_locked_resource_keeps_its_group_and_what_hangs_on_it(
    resources: Any, roles: Any, locks: Any, group: str, identity: Any
) -> None:
    locks.create_or_update_by_scope(identity.id, "keep", KEEP)
    roles.role_assignments.create(identity.id, GUID, assignment(identity.principal_id))
    with pytest.raises(HttpResponseError) as refused:
        resources.resource_groups.begin_delete(group)
    assert f"following scope(s) are locked: '{identity.id}'" in words(refused).message
    with pytest.raises(HttpResponseError, match="ScopeLocked"):
        roles.role_assignments.delete(identity.id, GUID)
    locks.delete_by_scope(identity.id, "keep")
    roles.role_assignments.delete(identity.id, GUID)
    resources.resource_groups.begin_delete(group).result()


def test_what_is_beside_a_lock_is_free(identities: Any, locks: Any, group: str, identity: Any) -> None:
    identities.user_assigned_identities.create_or_update(group, "i2", {"location": "northeurope"})
    locks.create_or_update_by_scope(identity.id, "keep", KEEP)
    identities.user_assigned_identities.delete(group, "i2")
    locks.delete_by_scope(identity.id, "keep")


def test_a_read_only_lock_forbids_changes_too(identities: Any, locks: Any, group: str, identity: Any) -> None:
    locks.create_or_update_by_scope(identity.id, "keep", {"level": "ReadOnly"})
    assert identities.user_assigned_identities.get(group, "i").name == "i"
    with pytest.raises(HttpResponseError, match="cannot perform write operation"):
        identities.user_assigned_identities.create_or_update(group, "i", {"location": "northeurope", "tags": {}})
    locks.delete_by_scope(identity.id, "keep")


def test_what_is_not_there_cannot_be_locked(locks: Any, scope: str) -> None:
    nothing = f"{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none"
    with pytest.raises(HttpResponseError) as refused:
        locks.create_or_update_by_scope(nothing, "keep", KEEP)
    assert words(refused).code == "ResourceNotFound"
