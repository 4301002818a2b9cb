"""Network, DNS and registry for clusters of these tests alone; all of it is removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure import toolchain
from local_azure.clusters import Clusters
from local_azure.instance import RUN, STATE
from local_azure.machine import azure_dns, cleanup, network, preflight, processes, registry
from local_azure.toolchain import Toolchain


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.machine)


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    """The toolchain, built when it is not."""
    return toolchain.ensure()


@pytest.fixture(scope="module")
def services(tools: Toolchain) -> Iterator[None]:
    """What nodes need besides their cluster. Skips, and says so, where a local Azure runs: it is the user's."""
    if any(processes.alive(name) for name in processes.names()):
        pytest.skip("a local Azure is running; `make local-down` first to test its clusters alone")
    preflight.check()
    cleanup.remove_everything()
    try:
        for folder in (STATE, RUN):
            folder.mkdir(parents=True, mode=0o700)
        network.ensure_bridge()
        azure_dns.start(tools.bin)
        registry.start(tools.bin, tools.registry)
        yield
    finally:
        cleanup.remove_everything()


@pytest.fixture(scope="module")
def clusters(services: None, tools: Toolchain) -> Clusters:
    """No clusters at first."""
    return Clusters(tools.bin)
