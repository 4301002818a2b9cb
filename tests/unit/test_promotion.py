"""Promotion, in real clones of a fleet repository as it is seeded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from external.command import ExternalError
from fleet import promotion, seed

CHECKOUT = Path(__file__).parents[2]
NEW = {"v1.36.3": "v1.37.1", "agent_version: v2.9.5": "agent_version: v2.10.0"}


def git(folder: Path, *arguments: str) -> str:
    """Run git as the team would."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def change(clone: Path, environment: str, *replacements: tuple[str, str], file: str = "release.yaml") -> None:
    """Commit replacements in a file of an environment."""
    path = clone / "environments" / environment / file
    text = path.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    git(clone, "commit", "--quiet", "--all", "--message", f"Change {environment}")


def release(clone: Path, environment: str, revision: str = "HEAD") -> str:
    """The committed release.yaml of an environment."""
    return git(clone, "show", f"{revision}:environments/{environment}/release.yaml")


def promote(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does who has no access to the management cluster."""
    command = [sys.executable, "-m", "fleet", "promote", *words, "--unchecked", "--repository", str(clone)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone on main, in which dev has a new release and staging two clusters."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Team")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "team@example.com")
    origin, folder = tmp_path / "origin", tmp_path / "fleet"
    shutil.copytree(seed.ROOT, origin)
    for cluster in ("shop", "search"):
        (origin / "environments" / "staging" / "clusters" / cluster).mkdir()
        (origin / "environments" / "staging" / "clusters" / cluster / "cluster.yaml").write_text("kind: Cluster\n")
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "Start the fleet")
    change(origin, "dev", *NEW.items())
    git(tmp_path, "clone", "--quiet", str(origin), str(folder))
    return folder


def test_the_release_is_copied_as_it_is_in_one_commit_on_a_branch(clone: Path) -> None:
    main = git(clone, "rev-parse", "main")
    done = promote(clone, "dev", "staging")
    assert done.returncode == 0, done.stderr
    branch = git(clone, "branch", "--show-current")
    assert branch.startswith("promote-dev-to-staging-")
    assert release(clone, "staging") == release(clone, "dev")
    assert git(clone, "diff", "--name-only", "main", branch) == "environments/staging/release.yaml"
    assert git(clone, "rev-parse", "HEAD^", "main").split() == [main, main]
    assert git(clone, "status", "--porcelain") == ""
    assert f"push --set-upstream origin {branch}" in done.stdout


def test_what_changes_and_for_which_clusters_is_shown_and_in_the_commit(clone: Path) -> None:
    shown = promote(clone, "dev", "staging").stdout
    rows = [line.split() for line in shown.splitlines()]
    assert ["kubernetes_version", "v1.36.3", "v1.37.1"] in [row[:3] for row in rows]
    assert ["agent_version", "v2.9.5", "v2.10.0"] in [row[:3] for row in rows]
    assert "class_version" not in shown
    assert "Touches 2 clusters of staging, clusters: search, shop" in shown
    assert git(clone, "log", "-1", "--format=%B").splitlines() == [
        "Promote dev to staging",
        "",
        "agent_version: v2.9.5 -> v2.10.0",
        "kubernetes_version: v1.36.3 -> v1.37.1",
    ]


def test_the_canaries_come_first(clone: Path) -> None:
    shutil.copytree(clone / "environments/staging/clusters/shop", clone / "environments/staging/canary/web")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--all", "--message", "A canary")
    shown = promote(clone, "dev", "staging", "--dry-run").stdout
    assert "Touches 3 clusters of staging, first canary: web; then clusters: search, shop" in shown


def test_a_dry_run_changes_nothing(clone: Path) -> None:
    done = promote(clone, "dev", "staging", "--dry-run")
    assert done.returncode == 0
    assert "v1.37.1" in done.stdout
    assert git(clone, "branch", "--show-current") == "main"
    assert git(clone, "branch", "--list", "promote-*") == ""


def test_a_value_with_each_environments_own_name_stays(clone: Path) -> None:
    change(clone, "dev", ("refs/heads/main", "refs/heads/dev  # our branch"))
    change(clone, "staging", ("refs/heads/main", "refs/heads/staging"))
    plan = promotion.plan(clone, "dev", "staging")
    assert "workloads_ref: refs/heads/staging  # our branch\n" in plan.text
    assert plan.text.replace("refs/heads/staging", "refs/heads/dev").strip() == release(clone, "dev")
    assert "workloads_ref" not in {each.key for each in plan.changes}


def test_new_and_dropped_values_are_shown(clone: Path) -> None:
    change(clone, "dev", ("  class_version: v1\n", "  ring: canary\n"))
    changes = {each.key: (each.before, each.after) for each in promotion.plan(clone, "dev", "staging").changes}
    assert changes["class_version"] == ("v1", None)
    assert changes["ring"] == (None, "canary")


def test_going_back_to_an_older_kubernetes_is_marked(clone: Path) -> None:
    change(clone, "staging", ("v1.36.3", "v1.38.0"))
    assert "Kubernetes does not go back" in promote(clone, "dev", "staging", "--dry-run").stdout


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("dev", "production", "dev is promoted to staging, not to production: the order is dev → staging → production"),
        ("staging", "dev", "staging is promoted to production, not to dev"),
        ("dev", "dev", "dev is promoted to staging, not to dev"),
        ("production", "dev", "production is the last environment"),
        ("dev", "stagin", "there is no environment stagin"),
    ],
)
def test_only_the_next_environment_can_be_promoted_to(clone: Path, source: str, target: str, words: str) -> None:
    done = promote(clone, source, target)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert git(clone, "branch", "--show-current") == "main"


def test_a_fleet_with_other_environments_has_their_order(clone: Path) -> None:
    shutil.copytree(clone / "environments" / "staging", clone / "environments" / "test")
    git(clone, "add", "--all")
    waves = clone / "management" / "waves.yaml"
    dev, *others = waves.read_text().split("---\n")[::2]
    staging = others[0].replace("staging", "test")
    waves.write_text("---\n".join([dev, staging, *others]))
    git(clone, "commit", "--quiet", "--all", "--message", "Test first")
    assert promotion.plan(clone, "dev", "test").clusters == {"canary": ()}
    with pytest.raises(ExternalError, match="dev is promoted to test, not to staging"):
        promotion.plan(clone, "dev", "staging")


@pytest.mark.parametrize("file", ["environments/staging/release.yaml", "new.yaml"])
def test_a_dirty_work_tree_is_refused_and_left_alone(clone: Path, file: str) -> None:
    (clone / file).write_text("mine\n")
    done = promote(clone, "dev", "staging")
    assert done.returncode == 2
    assert f"has changes that are not committed ({file})" in done.stderr
    assert (clone / file).read_text() == "mine\n"
    assert git(clone, "branch", "--show-current") == "main"


def test_nothing_to_promote_is_refused(clone: Path) -> None:
    with pytest.raises(ExternalError, match="nothing to promote: production has the release of staging already"):
        promotion.plan(clone, "staging", "production")


def test_a_clone_that_is_behind_is_refused(clone: Path) -> None:
    change(clone.parent / "origin", "dev", ("v1.37.1", "v1.37.2"))
    git(clone, "fetch", "--quiet")
    with pytest.raises(ExternalError, match="is 1 commit behind its remote branch: `git pull` first"):
        promotion.plan(clone, "dev", "staging")


def test_the_same_promotion_twice_is_refused(clone: Path) -> None:
    assert promote(clone, "dev", "staging").returncode == 0
    git(clone, "switch", "--quiet", "main")
    done = promote(clone, "dev", "staging")
    assert done.returncode == 2
    assert "already: push it, or delete it by `git branch -D`" in done.stderr


def test_when_a_hook_refuses_the_commit_everything_is_as_before(clone: Path) -> None:
    hook = clone / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho no promotion on Fridays >&2\nexit 1\n")
    hook.chmod(0o755)
    done = promote(clone, "dev", "staging")
    assert done.returncode == 2
    assert "no promotion on Fridays" in done.stderr
    assert "Traceback" not in done.stderr
    assert git(clone, "branch", "--show-current") == "main"
    assert git(clone, "branch", "--list", "promote-*") == ""
    assert git(clone, "status", "--porcelain") == ""


def test_a_folder_that_is_no_fleet_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "GIT_CEILING_DIRECTORIES", str(tmp_path))
    done = promote(tmp_path, "dev", "staging")
    assert done.returncode == 2
    assert "is in no clone with a commit: name a clone of the fleet repository by --repository" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_release_that_is_no_yaml_is_named(clone: Path) -> None:
    change(clone, "dev", ("data:", "data: ["))
    with pytest.raises(ExternalError, match=r"environments/dev/release\.yaml is no YAML"):
        promotion.plan(clone, "dev", "staging")


def test_the_seeds_environments_start_with_the_same_release(clone: Path) -> None:
    first = git(clone, "rev-list", "--max-parents=0", "HEAD")
    assert release(clone, "dev", first) == release(clone, "staging", first) == release(clone, "production", first)
