"""The fleet repository as a resource: what preview shows and does not do, what up writes, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet import seed
from local_azure.command import run
from tests.program.conftest import PASSWORD, Repository, config
from tests.program.project import Project

ONLY_FLEET = """
from fleet.fleet_repository import FleetRepository
from infra.settings import Settings
FleetRepository("fleet", Settings.load().fleet)
"""


@pytest.fixture
def fleet(project: Project, repository: Repository) -> Project:
    """A project whose program is the fleet repository alone."""
    project.write(config(repository), program=ONLY_FLEET)
    return project


def test_preview_shows_every_file_and_writes_none(fleet: Project, repository: Repository) -> None:
    text = fleet.succeed("preview", "--diff")
    for path in seed.files():
        assert path in text
    assert repository.heads() == {}


def test_up_seeds_once_and_then_has_nothing_to_do(fleet: Project, repository: Repository) -> None:
    fleet.succeed("up", "--yes", "--skip-preview")
    heads = repository.heads()
    assert heads["main"] == heads["seed"]
    fleet.succeed("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert repository.heads() == heads


def test_a_seed_changed_by_hand_is_seen_by_refresh_and_offered_again(
    fleet: Project, repository: Repository, tmp_path: Path
) -> None:
    fleet.succeed("up", "--yes", "--skip-preview")
    main = repository.heads()["main"]
    _commit(repository, tmp_path / "clone", "seed", "README.md")
    assert "README.md" in fleet.succeed("refresh", "--yes", "--diff")
    assert "~ README.md" in fleet.succeed("preview")
    fleet.succeed("up", "--yes", "--skip-preview")
    assert repository.heads()["main"] == main
    assert _files(repository, "seed") == seed.files()


def test_a_repository_of_somebody_else_is_refused_in_preview(
    fleet: Project, repository: Repository, tmp_path: Path
) -> None:
    _commit(repository, tmp_path / "clone", "main", "app.py")
    heads = repository.heads()
    text = fleet.fail("preview")
    assert "is neither empty nor one of ours" in text
    assert "Traceback" not in text
    assert repository.heads() == heads


def test_a_wrong_password_is_told_in_preview_without_repeating_it(project: Project, repository: Repository) -> None:
    wrong = Project(project.folder, {**project.env, "SLIPWAY_GIT_PASSWORD": "wrong-horse"})
    wrong.write(config(repository), program=ONLY_FLEET)
    text = wrong.fail("preview")
    assert "refuses the credential: check slipway:gitUsername and slipway:gitPassword" in text
    assert "wrong-horse" not in text


def test_an_unknown_authority_is_told_with_the_setting_that_names_it(project: Project, repository: Repository) -> None:
    env = {name: value for name, value in project.env.items() if name not in {"GIT_SSL_CAINFO", "SSL_CERT_FILE"}}
    distrusting = Project(project.folder, env)
    distrusting.write(config(repository), program=ONLY_FLEET)
    assert "name its PEM file in slipway:gitCaFile" in distrusting.fail("preview")
    distrusting.write(config(repository, gitCaFile=project.env["GIT_SSL_CAINFO"]), program=ONLY_FLEET)
    distrusting.succeed("preview")


def test_the_password_is_in_no_state_and_no_output(fleet: Project) -> None:
    printed = fleet.succeed("up", "--yes", "--skip-preview") + fleet.succeed("preview", "--diff")
    assert PASSWORD not in printed
    assert PASSWORD not in fleet.state()


def test_destroy_leaves_the_repository_as_it_is(fleet: Project, repository: Repository) -> None:
    fleet.succeed("up", "--yes", "--skip-preview")
    heads = repository.heads()
    assert "stays as it is" in fleet.succeed("destroy", "--yes", "--skip-preview")
    assert repository.heads() == heads


def _commit(repository: Repository, folder: Path, branch: str, file: str) -> None:
    """A commit by the team on a branch; makes the branch when the repository is empty."""
    run(["git", "clone", "--quiet", repository.path, folder])
    run(["git", "-C", folder, "switch", "--quiet", *([] if branch in repository.heads() else ["--create"]), branch])
    (folder / file).write_text("by hand\n")
    run(["git", "-C", folder, "add", "--all"])
    identity = ["-c", "user.name=Team", "-c", "user.email=team@example.com"]
    run(["git", "-C", folder, *identity, "commit", "--quiet", "--message", "By the team"])
    run(["git", "-C", folder, "push", "--quiet", "origin", branch])


def _files(repository: Repository, branch: str) -> dict[str, str]:
    """The files of a branch, as the seed lists its own."""
    lines = run(["git", "-C", repository.path, "ls-tree", "-r", branch]).splitlines()
    return {path: about.split()[2][: seed.SHOWN] for about, path in (line.split("\t") for line in lines)}
