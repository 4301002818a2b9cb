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
from tests.faults.reporting import OneLinePerFault
from tests.faults.settled import Owners, comes_to_rest, converged

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


@pytest.fixture(scope="module")
def at_rest(local: Local) -> Iterator[Owners]:
    """The whole fleet, of which nothing moves any more after the faults of a file; has who owns what."""
    yield from comes_to_rest(local)


@pytest.fixture(scope="module")
def second_cluster(local: Local, at_rest: Owners) -> Iterator[None]:
    """The cluster `second`, which tests of a file may add; it goes by two merges."""
    yield
    second.delete(local)


@pytest.fixture
def fleet(local: Local, at_rest: Owners) -> Iterator[Local]:
    """The local Azure with a whole fleet, before the fault and after it.

    Afterwards everything is ready, every owner is there, and no controller has sent a DELETE for any cluster.
    """
    began = time.time()
    yield local
    local.heal()
    converged(local, at_rest)
    assert deleted(local, began) == []


@pytest.fixture
def with_second(local: Local, second_cluster: None, fleet: Local) -> Iterator[None]:
    """The test may add the cluster `second`, where the one before has not; Git has it as it was added afterwards."""
    yield
    local.heal()
    second.merge(local, "Put back", second.add)


def deleted(local: Local, since: float) -> list[str]:
    """What controllers asked Azure to delete since then."""
    found = local.requests(since, method="DELETE")
    return [each["path"].lower() for each in found if each["client_id"] != OPERATOR_CLIENT_ID]
