"""Runs the fast folders first and the ones that start clusters last."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDERS = ["unit", "fleet", "conformance", "provider", "program", "machine", "e2e"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order by folder, as listed; files keep their own order."""
    here = Path(__file__).parent

    def position(item: pytest.Item) -> int:
        return FOLDERS.index(item.path.relative_to(here).parts[0])

    items.sort(key=position)
