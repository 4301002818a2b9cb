"""Seeding the fleet repository, on real Git repositories: main once, afterwards only the branch `seed`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from external.command import ExternalError
from fleet import seed
from fleet.git_remote import Remote

IDENTITY = ["-c", "user.name=Team", "-c", "user.email=team@example.com"]


def git(*arguments: str | Path) -> str:
    """Run git as the team would."""
    words = ["git", *IDENTITY, *map(str, arguments)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small seed."""
    root = tmp_path / "tree"
    (root / "management").mkdir(parents=True)
    (root / "management" / "kustomization.yaml").write_text("resources: []\n")
    (root / "README.md").write_text("one\n")
    return root


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An empty repository."""
    git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "fleet.git")
    return tmp_path / "fleet.git"


@pytest.fixture
def remote(bare: Path) -> Remote:
    """How the program knows it."""
    return Remote(bare.as_uri())


def heads(bare: Path) -> dict[str, str]:
    """Commits by branch."""
    lines = git("--git-dir", bare, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
    return dict(line.split(" ") for line in lines)


def commit(bare: Path, folder: Path, branch: str, file: str, text: str) -> str:
    """A commit by the team on a branch; makes the branch when the repository is empty."""
    git("clone", "--quiet", bare, folder)
    git("-C", folder, "switch", "--quiet", *([branch] if branch in heads(bare) else ["-c", branch]))
    (folder / file).write_text(text)
    git("-C", folder, "add", "--all")
    git("-C", folder, "commit", "--quiet", "--message", "By the team")
    git("-C", folder, "push", "--quiet", "origin", branch)
    return git("-C", folder, "rev-parse", "HEAD")


def test_an_empty_repository_gets_the_seed_as_first_commit_of_main(bare: Path, remote: Remote, tree: Path) -> None:
    first = seed.offer(remote, "main", tree)
    assert heads(bare) == {"main": first, "seed": first}
    assert git("--git-dir", bare, "show", "main:README.md") == "one"
    assert git("--git-dir", bare, "rev-list", "--count", "main") == "1"


def test_the_same_seed_again_writes_nothing(bare: Path, remote: Remote, tree: Path) -> None:
    first = seed.offer(remote, "main", tree)
    assert seed.offer(remote, "main", tree) == first
    assert heads(bare) == {"main": first, "seed": first}


def test_a_new_seed_goes_to_its_branch_only_and_merges_with_what_the_team_changed(
    bare: Path, remote: Remote, tree: Path, tmp_path: Path
) -> None:
    first = seed.offer(remote, "main", tree)
    theirs = commit(bare, tmp_path / "team", "main", "cluster.yaml", "kind: Cluster\n")
    (tree / "README.md").write_text("two\n")
    second = seed.offer(remote, "main", tree)
    assert heads(bare) == {"main": theirs, "seed": second}
    assert git("--git-dir", bare, "rev-parse", "seed^") == first
    git("-C", tmp_path / "team", "fetch", "--quiet")
    git("-C", tmp_path / "team", "merge", "--quiet", "--no-edit", "origin/seed")
    assert (tmp_path / "team" / "README.md").read_text() == "two\n"
    assert (tmp_path / "team" / "cluster.yaml").exists()


def test_a_deleted_seed_branch_is_offered_again_on_top_of_the_seed_that_was_merged_last(
    bare: Path, remote: Remote, tree: Path, tmp_path: Path
) -> None:
    first = seed.offer(remote, "main", tree)
    theirs = commit(bare, tmp_path / "team", "main", "cluster.yaml", "kind: Cluster\n")
    git("--git-dir", bare, "branch", "--delete", "--force", "seed")
    (tree / "README.md").write_text("two\n")
    second = seed.offer(remote, "main", tree)
    assert heads(bare) == {"main": theirs, "seed": second}
    assert git("--git-dir", bare, "rev-parse", "seed^") == first


def test_a_commit_by_others_on_seed_is_kept_and_built_upon(
    bare: Path, remote: Remote, tree: Path, tmp_path: Path
) -> None:
    seed.offer(remote, "main", tree)
    theirs = commit(bare, tmp_path / "team", "seed", "README.md", "by hand\n")
    again = seed.offer(remote, "main", tree)
    assert git("--git-dir", bare, "rev-parse", "seed^") == theirs
    assert git("--git-dir", bare, "show", f"{again}:README.md") == "one"


def test_a_repository_of_somebody_else_is_refused_and_left_alone(
    bare: Path, remote: Remote, tree: Path, tmp_path: Path
) -> None:
    theirs = commit(bare, tmp_path / "team", "main", "app.py", "print()\n")
    with pytest.raises(ExternalError, match="neither empty nor one of ours"):
        seed.survey(remote, "main")
    with pytest.raises(ExternalError, match="neither empty nor one of ours"):
        seed.offer(remote, "main", tree)
    assert heads(bare) == {"main": theirs}


def test_a_main_that_is_gone_is_never_made_again(bare: Path, remote: Remote, tree: Path) -> None:
    first = seed.offer(remote, "main", tree)
    git("--git-dir", bare, "branch", "--delete", "--force", "main")
    with pytest.raises(ExternalError, match=r"has the branches seed, but no main.*Restore main"):
        seed.offer(remote, "main", tree)
    assert heads(bare) == {"seed": first}


def test_changes_are_listed_by_file() -> None:
    before = {"changed.yaml": "1", "gone.yaml": "1", "same.yaml": "1"}
    after = {"changed.yaml": "2", "new.yaml": "1", "same.yaml": "1"}
    assert seed.changes(before, after) == ["~ changed.yaml", "- gone.yaml", "+ new.yaml"]


def test_surveying_writes_nothing(bare: Path, remote: Remote) -> None:
    seed.survey(remote, "main")
    assert heads(bare) == {}


def test_what_is_offered_can_be_read_back(remote: Remote, tree: Path) -> None:
    assert seed.offered(remote) is None
    head = seed.offer(remote, "main", tree)
    assert seed.offered(remote) == (head, seed.files(tree))


def test_no_ignore_file_decides_what_is_seeded(bare: Path, remote: Remote, tree: Path) -> None:
    (tree / ".gitignore").write_text("*.yaml\n")
    seed.offer(remote, "main", tree)
    found = seed.offered(remote)
    assert found
    assert set(found[1]) == {".gitignore", "README.md", "management/kustomization.yaml"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://127.0.0.1:1/fleet.git", "cannot be reached"),
        ("https://no-such-host.invalid/fleet.git", "cannot be reached"),
        ("file:///no/such/repository.git", "has no such repository"),
    ],
)
def test_a_repository_that_cannot_be_read_is_explained_in_one_line(url: str, said: str) -> None:
    with pytest.raises(ExternalError, match=said) as raised:
        seed.survey(Remote(url, "git", "hunter2"), "main")
    assert len(str(raised.value).splitlines()) == 1
    assert "hunter2" not in str(raised.value)
