"""One local Azure for all faults, the one of tests/e2e; and what has to be true after each of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e import second
from tests.e2e.conftest import local, main_job, ran_before
from tests.e2e.local import Local
from tests.e2e.second import SECOND
from tests.faults.reporting import OneLinePerFault
from tests.faults.settled import owners, settle

__all__ = ["local", "main_job", "ran_before"]


def pytest_configure(config: pytest.Config) -> None:
    """Tests say by `fault` which row of docs/faults.md they are of."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(OneLinePerFault(terminal))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the machine, and is left out where not asked for."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.machine)
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def fleet(local: Local) -> Iterator[Local]:
    """The local Azure with a whole fleet, before the fault and after it.

    Afterwards everything is ready, every owner is there, nothing moves any more, and no controller has sent a DELETE
    for a cluster whose deletion nobody approved.
    """
    before, began = owners(local), time.time()
    yield local
    local.heal()
    settle(local, before)
    assert [path for path in deleted(local, began) if f"/resourcegroups/{SECOND}" not in path] == []


@pytest.fixture
def with_second(fleet: Local) -> Iterator[None]:
    """The test may add the cluster `second` to the fleet; it goes again by two merges."""
    began = time.time()
    yield
    fleet.heal()
    assert deleted(fleet, began) == []
    second.delete(fleet)


def deleted(local: Local, since: float) -> list[str]:
    """What controllers asked Azure to delete since then."""
    found = local.requests(since, method="DELETE")
    return [each["path"].lower() for each in found if each["client_id"] != OPERATOR_CLIENT_ID]
