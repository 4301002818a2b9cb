"""Runs the fast folders first and the ones that start clusters last, with the pinned tools on PATH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from local_azure.toolchain import built

# The machine may be busy: what a result is matters, not how soon it comes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

FOLDERS = ["unit", "fleet", "conformance", "provider", "program", "machine", "e2e", "faults"]


def pytest_configure() -> None:
    """Tests meet the tools that a user of this project has, once they are built; those that need them say so."""
    # How long an example takes says how busy the machine is, and nothing about the code.
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")
    if tools := built():
        os.environ["PATH"] = os.pathsep.join([str(tools.bin), os.environ.get("PATH", os.defpath)])
        os.environ["XDG_CONFIG_HOME"] = str(tools.releases / "xdg")  # clusterctl's repository


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order by folder, as listed; files keep their own order."""
    here = Path(__file__).parent

    def position(item: pytest.Item) -> int:
        return FOLDERS.index(item.path.relative_to(here).parts[0])

    items.sort(key=position)
