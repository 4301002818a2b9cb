"""The locks of a protected stack, taken away and set again by the commands of the page about deletion."""

from __future__ import annotations

from tests.faults.runbook import commands
from tests.program.conftest import Repository, config
from tests.program.plane import GROUP, LOCKS, ONLY_AZURE
from tests.program.project import Project
from tests.provider.azure import Azure

TAKE_AWAY = commands("deletion.md", "Locks")


def _set(azure: Azure) -> list[bool]:
    return [azure.find(lock, "2020-05-01") is not None for lock in LOCKS]


def test_the_runbook_takes_the_locks_away_until_the_next_update_or_the_end(
    project: Project, repository: Repository, azure: Azure
) -> None:
    project.write(config(repository, protect="true"), program=ONLY_AZURE)
    project.succeed("up", "--yes", "--skip-preview")
    assert _set(azure) == [True, True]

    project.follow(TAKE_AWAY)
    assert _set(azure) == [False, False]
    project.succeed("up", "--yes", "--skip-preview")
    assert _set(azure) == [True, True]

    project.follow(TAKE_AWAY)
    project.succeed("destroy", "--yes")
    assert azure.find(GROUP) is None
