"""Resource IDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.azure.identifiers import parse, resource

GROUP = "/subscriptions/s/resourceGroups/g"
NAMES = st.text("abcXYZ-_.09", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("path", "kind", "name", "scope"),
    [
        (GROUP, "Microsoft.Resources/resourceGroups", "g", "/subscriptions/s"),
        (f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", "Microsoft.Network/virtualNetworks", "v", GROUP),
        (
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/n",
            "Microsoft.Network/virtualNetworks/subnets",
            "n",
            GROUP,
        ),
        (
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/providers/Microsoft.Authorization/roleAssignments/r",
            "Microsoft.Authorization/roleAssignments",
            "r",
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v",
        ),
        ("/providers/Microsoft.Authorization/roleDefinitions/r", "Microsoft.Authorization/roleDefinitions", "r", "/"),
    ],
)
def test_a_resource_has_type_name_and_scope(path: str, kind: str, name: str, scope: str) -> None:
    found = resource(path)
    assert (found.type, found.name, found.scope) == (kind, name, scope)


def test_a_collection_has_no_name() -> None:
    found = parse(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets")
    assert found is not None and found.is_collection
    assert found.parent is not None and found.parent.name == "v"


@pytest.mark.parametrize("path", ["/", "/other", "/subscriptions/s/x", "/subscriptions/s/providers/Microsoft.Network"])
def test_other_paths_are_no_resources(path: str) -> None:
    assert parse(path) is None


def test_arm_spells_its_own_words_its_own_way() -> None:
    assert resource("/SUBSCRIPTIONS/s/resourcegroups/G").text == "/subscriptions/s/resourceGroups/G"


@given(NAMES, NAMES)
def test_ids_are_compared_without_regard_to_case(network: str, subnet: str) -> None:
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"
    assert resource(path).key == resource(path.upper()).key


@given(NAMES, NAMES)
def test_a_child_knows_its_parent(network: str, subnet: str) -> None:
    parent = resource(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{network}")
    assert parent.child("subnets", subnet).parent == parent
