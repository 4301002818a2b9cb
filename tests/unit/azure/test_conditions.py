"""Conditions of role assignments: what they let pass, and what is refused because it could not be enforced."""

from __future__ import annotations

import pytest

from infra.fleet_roles import GRANTABLE, only_grantable
from local_azure.azure.conditions import Condition, NotUnderstood, parse

ASSIGN, WITHDRAW = (f"Microsoft.Authorization/roleAssignments/{right}" for right in ("write", "delete"))
ROLE, OTHER = next(iter(GRANTABLE.values())), "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.fixture
def condition() -> Condition:
    """The one our program writes."""
    return parse(only_grantable())


def asked(role: str, kind: str = "ServicePrincipal", source: str = "@Request") -> dict[str, str]:
    return {f"{source}:RoleDefinitionId": role, f"{source}:PrincipalType": kind}


@pytest.mark.parametrize(
    ("action", "about", "holds"),
    [
        (ASSIGN, asked(ROLE), True),
        (ASSIGN.lower(), asked(ROLE.upper(), "serviceprincipal"), True),
        (ASSIGN, asked(OTHER), False),
        (ASSIGN, asked(ROLE, "User"), False),
        (ASSIGN, asked(ROLE, source="@Resource"), False),
        (ASSIGN, {}, False),
        (WITHDRAW, asked(ROLE, source="@Resource"), True),
        (WITHDRAW, asked(OTHER, source="@Resource"), False),
        ("Microsoft.Network/virtualNetworks/write", {}, True),
    ],
)
def test_our_condition_tames_granting_and_withdrawing_and_nothing_else(
    condition: Condition, action: str, about: dict[str, str], holds: bool
) -> None:
    assert condition.holds(action, about) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (f"ActionMatches{{'{ASSIGN}'}} OR ActionMatches{{'*'}} AND !(ActionMatches{{'*'}})", True),
        (f"(ActionMatches{{'{ASSIGN}'}} OR ActionMatches{{'*'}}) AND !(ActionMatches{{'*'}})", False),
        ("ActionMatches{'Microsoft.Authorization/*'} && !(ActionMatches{'*/read'})", True),
        ("@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'", True),
        ("@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] GuidNotEquals " + OTHER, True),
        (
            "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals "
            f"{{{ROLE}, {OTHER}}}",
            False,
        ),
    ],
)
def test_words_bind_as_in_azure(text: str, holds: bool) -> None:
    assert parse(text).holds(ASSIGN, asked(ROLE, "User")) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ActionMatches{'*'",
        "ActionMatches{'*'} AND",
        "ActionMatches{'*'} ActionMatches{'*'}",
        "(ActionMatches{'*'}",
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'public'",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringEquals 'c'",
        "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringLike 'U*'",
        "Exists @Request[Microsoft.Authorization/roleAssignments:PrincipalType]",
    ],
)
def test_what_is_not_understood_is_not_taken(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(text)
