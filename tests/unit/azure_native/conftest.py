"""The generated table, made once for these tests."""

from __future__ import annotations

import pytest

from local_azure.azure_native.generate import table as generate
from local_azure.azure_native.table import Table


@pytest.fixture(scope="session")
def table() -> Table:
    return Table(generate())
