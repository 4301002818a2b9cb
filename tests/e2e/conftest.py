"""One local Azure for all end-to-end tests; removed afterwards, unless it was there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure import environment
from tests.e2e.local import Local, make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.machine)


@pytest.fixture(scope="session")
def ran_before() -> bool:
    """Whether the user had a local Azure running when the tests began."""
    return environment.FILE.exists()


@pytest.fixture(scope="session")
def main_job(ran_before: bool) -> Iterator[str]:
    """What `make local` printed."""
    try:
        yield make("local")
    finally:
        if not ran_before:
            make("local-down")


@pytest.fixture(scope="session")
def local(main_job: str) -> Local:
    """The running local Azure."""
    return Local()
