"""Changes by the program, and changes behind its back."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pytest
from pulumi_azure_native import managedidentity, network, resources

from tests.provider.azure import SUBSCRIPTION, Azure
from tests.provider.engine import Engine, Program

pytestmark = pytest.mark.machine

GROUPS = "2024-03-01"
IDENTITIES = "2023-01-31"


def group(name: str, **arguments: object) -> Program:
    """A program with one resource group."""
    return lambda: (
        resources.ResourceGroup("group", resource_group_name=name, location="westeurope", **arguments),
        None,
    )[1]


def identity(name: str, location: str = "westeurope") -> Program:
    """A program with an identity whose name the provider chooses."""

    def program() -> None:
        it = resources.ResourceGroup("group", resource_group_name=name, location="westeurope")
        capz = managedidentity.UserAssignedIdentity("capz", resource_group_name=it.name, location=location)
        pulumi.export("name", capz.name)

    return program


def subnet(name: str, prefix: str, subnet_name: str) -> Program:
    """A program with a named subnet."""

    def program() -> None:
        it = resources.ResourceGroup("group", resource_group_name=name, location="westeurope")
        net = network.VirtualNetwork(
            "net",
            resource_group_name=it.name,
            address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
        )
        network.Subnet(
            "nodes",
            subnet_name=subnet_name,
            resource_group_name=it.name,
            virtual_network_name=net.name,
            address_prefix=prefix,
        )

    return program


def test_what_cannot_change_is_replaced_the_new_one_first(engine: Engine) -> None:
    before = engine.up(identity("replace")).outputs["name"].value
    replaced = engine.up(identity("replace", location="northeurope"))
    assert replaced.paths["capz"]["location"] == "update-replace"
    assert replaced.operations["capz"] == ["create-replacement", "replace", "delete-replaced"]
    assert replaced.outputs["name"].value != before


def test_a_resource_with_a_name_of_its_own_is_deleted_before_it_is_replaced(engine: Engine) -> None:
    engine.up(subnet("rename", "10.0.1.0/24", "nodes"))
    replaced = engine.up(subnet("rename", "10.0.1.0/24", "workers"))
    assert replaced.paths["nodes"] == {"subnetName": "update-replace"}
    assert replaced.operations["nodes"] == ["delete-replaced", "replace", "create-replacement"]


def test_a_change_by_hand_is_seen_and_taken_back(engine: Engine, azure: Azure) -> None:
    program = group("drift", tags={"owner": "fleet"})
    engine.up(program)
    path = f"{SUBSCRIPTION}/resourcegroups/drift"
    azure.arm.put(path, GROUPS, {"location": "westeurope", "tags": {"owner": "me", "since": "today"}})

    assert engine.preview(program).changed == {}
    seen = engine.refresh(program)
    assert seen.paths["group"] == {"tags.owner": "update", "tags.since": "add"}
    corrected = engine.up(program)
    assert corrected.paths["group"] == {"tags.owner": "update", "tags.since": "delete"}
    assert (azure.find(path) or {})["tags"] == {"owner": "fleet"}


def test_what_was_deleted_by_hand_comes_back(engine: Engine, azure: Azure) -> None:
    program = group("deleted")
    engine.up(program)
    azure.arm.delete(f"{SUBSCRIPTION}/resourcegroups/deleted", GROUPS)
    engine.refresh(program)
    assert engine.up(program).changed == {"group": ["create"]}


def test_what_exists_is_adopted_by_import_only(engine: Engine, azure: Azure) -> None:
    path = f"{SUBSCRIPTION}/resourceGroups/existing"
    azure.arm.put(path, GROUPS, {"location": "westeurope", "tags": {"owner": "fleet"}})

    assert "cannot create already existing resource" in engine.fails(group("existing", tags={"owner": "fleet"}))

    adopt: Callable[[], Program] = lambda: group(  # noqa: E731
        "existing", tags={"owner": "fleet"}, opts=pulumi.ResourceOptions(import_=path)
    )
    assert engine.up(adopt()).changed == {"group": ["import"]}
    assert engine.preview(group("existing", tags={"owner": "fleet"})).changed == {}
