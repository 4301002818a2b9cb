"""Resources without a name get the one the real provider would choose."""

from __future__ import annotations

import re
import uuid

import pytest

from local_azure.azure_native.names import Kind, Mode, Wish, choose, kind_of
from local_azure.azure_native.table import Table

SEED = b"the same in preview and update"


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("resources:ResourceGroup", Kind.RANDOM),
        ("network:VirtualNetwork", Kind.RANDOM),
        ("containerservice:ManagedCluster", Kind.RANDOM),
        ("network:Subnet", Kind.COPY),
        ("containerservice:AgentPool", Kind.COPY),
        ("managedidentity:FederatedIdentityCredential", Kind.COPY),
        ("authorization:RoleAssignment", Kind.UUID),
        ("authorization:RoleDefinition", Kind.UUID),
    ],
)
def test_kind_of_name(table: Table, type_name: str, kind: Kind) -> None:
    assert kind_of(table.resources[f"azure-native:{type_name}"]) is kind


def test_a_top_level_resource_gets_eight_hex_digits_after_its_name(table: Table) -> None:
    name, unique = choose(table.resources["azure-native:resources:ResourceGroup"], "fleet", SEED, None) or ("", False)
    assert re.fullmatch(r"fleet[0-9a-f]{8}", name)
    assert unique


def test_a_child_is_named_as_in_the_program(table: Table) -> None:
    assert choose(table.resources["azure-native:network:Subnet"], "nodes", SEED, None) == ("nodes", False)


def test_a_role_assignment_gets_a_uuid_whatever_name_is_proposed(table: Table) -> None:
    resource = table.resources["azure-native:authorization:RoleAssignment"]
    name, _ = choose(resource, "capz", SEED, Wish(Mode.PROPOSE, "capz-1234567")) or ("", False)
    assert str(uuid.UUID(name)) == name


def test_the_same_seed_gives_the_same_name(table: Table) -> None:
    group = table.resources["azure-native:resources:ResourceGroup"]
    assert choose(group, "fleet", SEED, None) == choose(group, "fleet", SEED, None)
    assert choose(group, "fleet", SEED, None) != choose(group, "fleet", b"another", None)


def test_the_stack_may_propose_or_forbid_names(table: Table) -> None:
    group = table.resources["azure-native:resources:ResourceGroup"]
    assert choose(group, "fleet", SEED, Wish(Mode.PROPOSE, "fleet-dev")) == ("fleet-dev", True)
    assert choose(group, "fleet", SEED, Wish(Mode.DISABLE, "")) is None
