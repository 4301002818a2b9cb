"""What the user reads when something is wrong, and what is left afterwards."""

from __future__ import annotations

import pytest
from pulumi_azure_native import network, resources

from tests.provider.azure import SUBSCRIPTION, Azure
from tests.provider.engine import Engine, Program

pytestmark = pytest.mark.machine


def group(name: str, location: str | None = "westeurope") -> Program:
    return lambda: (resources.ResourceGroup("group", resource_group_name=name, location=location), None)[1]


def net(name: str) -> Program:
    def program() -> None:
        it = resources.ResourceGroup("group", resource_group_name=name, location="westeurope")
        network.VirtualNetwork(
            "net",
            virtual_network_name="net",
            resource_group_name=it.name,
            address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
        )

    return program


def test_azure_s_refusal_is_what_the_user_reads(engine: Engine) -> None:
    said = engine.fails(group("atlantis", location="atlantis"))
    assert 'Status=400 Code="LocationNotAvailableForResourceGroup" Message="' in said


def test_a_missing_location_says_how_to_set_one(engine: Engine) -> None:
    said = engine.fails(group("nowhere", location=None), "preview")
    assert "missing required property 'location'. Either set it explicitly or configure it with" in said


def test_a_name_beyond_azure_s_limits_fails_in_the_preview(engine: Engine) -> None:
    said = engine.fails(group("n" * 91), "preview")
    assert "'resourceGroupName' is too long (91): at most 90 characters allowed" in said


def test_throttling_and_a_broken_connection_are_sat_out(engine: Engine, azure: Azure) -> None:
    azure.fault(kind="throttle", method="PUT", path="resourcegroups/busy", count=2, retry_after=0)
    azure.fault(kind="reset", method="PUT", path="resourcegroups/busy", count=1)
    assert engine.up(group("busy")).changed == {"group": ["create"]}


def test_an_operation_that_fails_leaves_its_resource_in_the_state(engine: Engine, azure: Azure) -> None:
    azure.fault(kind="fail", method="PUT", path="virtualNetworks/net", count=1, code="Unlucky", message="try again")
    assert 'Code="Unlucky" Message="try again"' in engine.fails(net("unlucky"))
    assert engine.up(net("unlucky")).changed == {"net": ["update"]}
    assert azure.find(f"{SUBSCRIPTION}/resourcegroups/unlucky")


def test_without_a_local_azure_the_provider_refuses(engine: Engine) -> None:
    del engine.environment["ARM_METADATA_HOSTNAME"]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ARM_METADATA_HOSTNAME")
        said = engine.fails(group("real"), "preview")
    assert "it works only where ARM_METADATA_HOSTNAME names a local Azure" in said


def test_the_real_azure_is_refused(engine: Engine) -> None:
    engine.environment["ARM_METADATA_HOSTNAME"] = "1.1.1.1"
    assert "which is public: the stand-in talks to the local Azure only" in engine.fails(group("real"), "preview")


def test_a_type_it_does_not_have_is_named(engine: Engine) -> None:
    def program() -> None:
        network.RouteTable("routes", resource_group_name="any")

    assert "does not have the resource azure-native:network:RouteTable" in engine.fails(program, "preview")
