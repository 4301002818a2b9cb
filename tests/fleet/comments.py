"""The comment on a pull request to a fleet, and how it is compared with the one in tests/fleet/plans."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fleet.plan import markdown
from fleet.plan.plan import Plan, make
from tests.fleet.pull_requests import Repository

COMMENTS = Path(__file__).parent / "plans"
NOW = datetime(2029, 1, 1, tzinfo=UTC)

Edit = Callable[[Repository], object]


def plan(repository: Repository, edit: Edit | None = None, message: str = "Change") -> Plan:
    """The plan of a pull request that makes one edit."""
    if edit:
        repository.branch()
        edit(repository)
        repository.commit(message)
    return make(repository.path, "main", "HEAD", NOW)


def rules(made: Plan) -> list[str]:
    """Why it must not be merged."""
    return [each.rule for each in made.refusals]


def compare(name: str, made: Plan) -> None:
    """Compare the comment with plans/<name>.md; with UPDATE_SNAPSHOTS=1 write it instead."""
    comment, file = markdown.write(made), COMMENTS / f"{name}.md"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(comment)
    expected = file.read_text() if file.exists() else ""
    lines = list(difflib.unified_diff(expected.splitlines(), comment.splitlines(), file.name, "now", lineterm=""))
    if lines:
        pytest.fail("\n".join([*lines, "", "If you meant this, run with UPDATE_SNAPSHOTS=1"]), pytrace=False)
