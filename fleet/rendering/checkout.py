"""A copy of the fleet repository to render: of a folder as it is or of a commit, without what could do harm."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from external.command import CommandFailed, ExternalError, run, run_bytes
from fleet.rendering.safe_yaml import Text, Unreadable, parse

LARGEST: Final = 512 * 1024
"""Bytes of one file; etcd takes no object of more than three times that."""

MOST: Final = 64 * 1024 * 1024
"""Bytes of all files."""

FOLDER: Final = "fleet"
"""Where the copy lies in the folder that Flux may read; its other folders are made while rendering."""


@dataclass(frozen=True)
class Refused:
    """A file that is not in the copy, and why."""

    file: str
    why: str


@dataclass(frozen=True)
class Checkout:
    """A copy of a fleet repository.

    Attributes:
        root: its folder.
        origin: what it is a copy of, for people.
        files: paths of what is in it.
        refused: what is not.
    """

    root: Path
    origin: str
    files: frozenset[str]
    refused: tuple[Refused, ...]

    @cached_property
    def contents(self) -> dict[str, Text | Unreadable]:
        """Every YAML file, read with care; sorted."""
        names = sorted(file for file in self.files if file.endswith((".yaml", ".yml", "/Kustomization")))
        return {file: parse((self.root / file).read_bytes()) for file in names}


@contextmanager
def checkout(folder: Path, revision: str | None = None) -> Iterator[Checkout]:
    """Copy a fleet repository into a temporary folder.

    Args:
        folder: the repository's top folder; of a Git clone, what Git ignores is left out.
        revision: a commit of the clone; None for the files as they are.

    Raises:
        ExternalError: there is no such folder or commit, or all files are larger than `MOST` together.
    """
    if not folder.is_dir():
        raise ExternalError(f"{folder} is no folder: name a clone of the fleet repository")
    with tempfile.TemporaryDirectory(prefix="slipway-fleet-") as place:
        root = Path(place).resolve() / FOLDER
        root.mkdir()
        copied = _copy_commit(folder, revision, root) if revision else _copy_files(folder, root)
        origin = f"{folder}@{revision}" if revision else str(folder)
        yield Checkout(root, origin, *copied)


_Copied = tuple[frozenset[str], tuple[Refused, ...]]


def _copy_files(folder: Path, root: Path) -> _Copied:
    copied, refused, total = set[str](), list[Refused](), 0
    for name in _files(folder):
        status = (folder / name).lstat() if os.path.lexists(folder / name) else None
        if status is None:  # deleted, and not committed yet
            continue
        total += status.st_size
        why = _why_not(stat.S_ISREG(status.st_mode), status.st_size, _link(folder / name))
        if why:
            refused.append(Refused(name, why))
            continue
        _check_total(total)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, root / name)
        copied.add(name)
    return frozenset(copied), tuple(refused)


def _copy_commit(folder: Path, revision: str, root: Path) -> _Copied:
    try:
        commit = run(["git", "-C", str(folder), "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"])
        archive = run_bytes(["git", "-C", str(folder), "archive", "--format=tar", commit.strip()])
    except CommandFailed:
        raise ExternalError(f"{folder} has no commit {revision}: `git fetch` it first, or name another") from None
    copied, refused, total = set[str](), list[Refused](), 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isdir():
                continue
            total += member.size
            why = _why_not(member.isfile(), member.size, member.linkname or None)
            if why:
                refused.append(Refused(member.name, why))
                continue
            _check_total(total)
            content = tar.extractfile(member)
            (root / member.name).parent.mkdir(parents=True, exist_ok=True)
            (root / member.name).write_bytes(content.read() if content else b"")
            copied.add(member.name)
    return frozenset(copied), tuple(refused)


def _files(folder: Path) -> Iterator[str]:
    """Relative paths of all files, sorted; links are not followed."""
    try:
        listed = run(["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        yield from sorted(set(filter(None, listed.split("\0"))))
        return
    except CommandFailed:  # a folder that is in no clone, or no Git
        pass
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each != ".git" and not Path(path, each).is_symlink())
        links = [each.name for each in Path(path).iterdir() if each.is_symlink() and each.is_dir()]
        for name in sorted({*names, *links}):
            yield Path(path, name).relative_to(folder).as_posix()


def _link(path: Path) -> str | None:
    return str(path.readlink()) if path.is_symlink() else None


def _why_not(regular: bool, size: int, link: str | None) -> str | None:
    if link is not None:
        return f"is a link to {PurePosixPath(link)}: links are not followed, write the file itself"
    if not regular:
        return "is no ordinary file"
    if size > LARGEST:
        return f"has {size} bytes, more than {LARGEST}: no object on a cluster may be that large"
    return None


def _check_total(total: int) -> None:
    if total > MOST:
        raise ExternalError(f"the repository has more than {MOST} bytes: is it a fleet repository?")
