"""Seeds the fleet repository: the first commit of its main branch once, afterwards only the branch `seed`.

`seed` is a vendor branch: its history starts at the first commit of main, and each release of this program adds a
commit to it. Merging it into main is a pull request that a person decides on; Git's three-way merge keeps what
the team changed. https://git-scm.com/docs/merge-strategies
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from external.command import ExternalError
from fleet.git_remote import Clone, Remote

ROOT: Final = Path(__file__).parent / "repository"
"""The tree as it is seeded."""

BRANCH: Final = "seed"
TRAILER: Final = "Slipway-Seed"
"""Marks our commits, and by them the repositories that are ours."""

SHOWN: Final = 12
"""Hexadecimal digits of a file's id that are kept and shown."""


def files(root: Path = ROOT) -> dict[str, str]:
    """The seed's files: path to the first digits of the id Git gives to its content."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): _blob(path.read_bytes()) for path in paths}


def _blob(content: bytes) -> str:
    # Git's own id of a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()[:SHOWN]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs between two lists of files, one line each: "+ new", "~ changed", "- gone"."""
    signs = {
        path: "+" if path not in before else "-" if path not in after else "~"
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    }
    return [f"{sign} {path}" for path, sign in signs.items()]


def survey(remote: Remote, main: str) -> None:
    """Look, without writing, whether the repository can be seeded.

    Raises:
        ExternalError: it cannot be read, or is neither empty nor ours.
    """
    with remote.open() as clone:
        _last_seed(clone, main, clone.heads())


def offer(remote: Remote, main: str, root: Path = ROOT) -> str:
    """Make the seed the first commit of an empty repository, or put it onto the branch `seed` of one that is ours.

    Args:
        main: the branch that Flux reads.

    Returns:
        The commit at the head of `seed`.

    Raises:
        ExternalError: the repository cannot be read or written, is neither empty nor ours, or somebody else wrote to
            it at the same moment.
    """
    with remote.open() as clone:
        heads = clone.heads()
        last = _last_seed(clone, main, heads)
        tree = clone.write_tree(root, list(files(root)))
        if last is None:
            first = clone.commit_tree(tree, _message("Start the fleet", tree), parent=None)
            clone.push(first, [main, BRANCH])
            return first
        if clone.git("rev-parse", f"{last}^{{tree}}").strip() == tree:
            commit = last
        else:
            commit = clone.commit_tree(tree, _message("Offer a new seed", tree), parent=last)
        if heads.get(BRANCH) != commit:
            clone.push(commit, [BRANCH])
        return commit


def offered(remote: Remote) -> tuple[str, dict[str, str]] | None:
    """What the branch `seed` has: its commit, and its files as `files` tells them; None when it does not exist."""
    with remote.open() as clone:
        commit = clone.heads().get(BRANCH)
        if commit is None:
            return None
        clone.fetch(BRANCH)
        entries = clone.git("ls-tree", "-r", "-z", commit).rstrip("\0").split("\0")
        pairs = (entry.split("\t", 1) for entry in entries if entry)
        return commit, {path: about.split()[2][:SHOWN] for about, path in pairs}


def _last_seed(clone: Clone, main: str, heads: dict[str, str]) -> str | None:
    """The commit a new seed builds on; None for an empty repository.

    The head of `seed`, or where that branch is gone, the last seed in main's history.
    """
    if not heads:
        return None
    if main not in heads:
        raise ExternalError(
            f"the fleet repository {clone.url} has the branches {', '.join(sorted(heads))}, but no {main}: it is not "
            f"empty, so nothing is written to it. Restore {main}, or give an empty repository in slipway:fleetUrl"
        )
    branch = BRANCH if BRANCH in heads else main
    clone.fetch(branch)
    seeds = clone.git("log", "--format=%H", f"--grep=^{TRAILER}: ", branch).split()
    if not seeds:
        raise ExternalError(
            f"the fleet repository {clone.url} is neither empty nor one of ours (no commit of {branch} says "
            f"{TRAILER}), so nothing is written to it. Give an empty repository in slipway:fleetUrl"
        )
    return heads[BRANCH] if branch == BRANCH else seeds[0]


def _message(subject: str, tree: str) -> str:
    return f"{subject}\n\nMerge this branch to take over what is new.\n\n{TRAILER}: {tree}\n"
