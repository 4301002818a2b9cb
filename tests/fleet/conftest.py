"""A fresh fleet repository per test, and snapshots of what it renders to."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fleet.pull_requests import Repository
from tests.fleet.rendering import Fleet, Rendered

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """The seed, without a cluster."""
    return Fleet(tmp_path)


@pytest.fixture(scope="module")
def four_clusters(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A fleet of four clusters, with a branch for a pull request."""
    return Repository(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def repository(four_clusters: Repository) -> Repository:
    """The same, as it was at first."""
    four_clusters.reset()
    return four_clusters


@pytest.fixture
def matches_snapshot() -> Callable[[str, Rendered], None]:
    """Compares with snapshots/<name>.yaml; with UPDATE_SNAPSHOTS=1 in the environment it writes them instead."""

    def compare(name: str, rendered: Rendered) -> None:
        snapshot = SNAPSHOTS / f"{name}.yaml"
        if os.environ.get(UPDATE):
            snapshot.parent.mkdir(exist_ok=True)
            snapshot.write_text(rendered.text())
        expected = snapshot.read_text() if snapshot.exists() else ""
        difference = difflib.unified_diff(
            expected.splitlines(), rendered.text().splitlines(), f"{name} (snapshot)", f"{name} (rendered)", lineterm=""
        )
        lines = list(difference)
        if lines:
            hint = (
                f"If this is what you meant, run the tests with {UPDATE}=1 and read the diff of tests/fleet/snapshots."
            )
            pytest.fail("\n".join([*lines, "", hint]), pytrace=False)

    return compare
