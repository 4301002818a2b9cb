"""A `pulumi` that dies in the middle: the next one goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from pulumi import automation
from pulumi_azure_native import network, resources

from local_azure.azure_native.install import plugin_folder
from local_azure.azure_native.pending import recover
from local_azure.azure_native.table import Table
from tests.provider.azure import Azure
from tests.provider.engine import PROJECT, Engine

pytestmark = pytest.mark.machine

NETWORKS = "Microsoft.Network/virtualNetworks"


def program() -> None:
    group = resources.ResourceGroup("group", resource_group_name="interrupted", location="westeurope")
    network.VirtualNetwork(
        "net",
        virtual_network_name="net",
        resource_group_name=group.name,
        address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
    )


def engine_process(stack_name: str) -> int:
    """The process of the `pulumi up` of a stack of this test, which nothing else has."""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:  # not a process, or gone meanwhile
            continue
        if Path(words[0]).name == "pulumi" and "up" in words and stack_name in words:
            return int(folder.name)
    raise AssertionError(f"no `pulumi up` of {stack_name} runs")


def end_when_azure_is_at_work(azure: Azure, stack_name: str, how: signal.Signals) -> threading.Thread:
    """Signals the engine as soon as the network's creation has begun."""
    began = time.time()

    def watch() -> None:
        while not azure.calls(began, method="PUT", path=NETWORKS):
            time.sleep(0.1)
        time.sleep(0.5)
        os.kill(engine_process(stack_name), how)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.filterwarnings("ignore:Error in event stream")  # of the engine that is killed
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_the_next_run_goes_on(engine: Engine, azure: Azure, pulumi_home: Path, how: signal.Signals) -> None:
    azure.settings(durations={NETWORKS: {"create": 10}})
    watcher = end_when_azure_is_at_work(azure, engine.stack_name, how)
    engine.fails(program)
    watcher.join()
    azure.settings(durations={})

    if how is signal.SIGKILL:
        stack = automation.select_stack(engine.stack_name, project_name=PROJECT, program=program)
        assert recover(stack, Table.load(plugin_folder(pulumi_home) / "table.json"))
        assert not recover(stack)

    up = engine.up(program)
    assert up.planned["net"]["provisioningState"] == "Succeeded"
    assert engine.preview(program).changed == {}
    engine.destroy(program)
