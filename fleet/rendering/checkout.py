"""A copy of the fleet repository to render: of a folder as it is or of a commit, without what could do harm."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
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

SUFFIXES: Final = (".yaml", ".yml", "/Kustomization")
"""How the names of YAML files end."""

FOLDER: Final = "fleet"
"""Where the copy lies in the folder that Flux may read; its other folders are made while rendering."""


@dataclass(frozen=True)
class Refused:
    """A file that is not in the copy, and why."""

    file: str
    why: str


Needed = Callable[[str], bool]
"""Whether a file, by its path in the repository, is to be rendered."""


@dataclass(frozen=True)
class Checkout:
    """A copy of a fleet repository.

    Attributes:
        root: its folder.
        origin: what it is a copy of, for people.
        files: paths of what is in the repository.
        refused: what is left out of it.
        yaml: what the YAML files say.
        apart: the same of files that are not needed, which are not in the folder either.
    """

    root: Path
    origin: str
    files: frozenset[str]
    refused: tuple[Refused, ...]
    yaml: Mapping[str, bytes]
    apart: Mapping[str, bytes]

    @cached_property
    def contents(self) -> dict[str, Text | Unreadable]:
        """Every YAML file of the folder, read with care; sorted."""
        # Most kustomizations of a fleet are the same: each text is read once.
        known: dict[bytes, Text | Unreadable] = {}
        return {
            file: known.get(text) or known.setdefault(text, parse(text)) for file, text in sorted(self.yaml.items())
        }


@contextmanager
def checkout(folder: Path, revision: str | None = None, needed: Needed = lambda _: True) -> Iterator[Checkout]:
    """Copy a fleet repository into a temporary folder.

    Args:
        folder: the repository's top folder; of a Git clone, what Git ignores is left out.
        revision: a commit of the clone; None for the files as they are.
        needed: what has to be in the copy; the rest is only read.

    Raises:
        ExternalError: there is no such folder or commit, or all files are larger than `MOST` together.
    """
    if not folder.is_dir():
        raise ExternalError(f"{folder} is no folder: name a clone of the fleet repository")
    with tempfile.TemporaryDirectory(prefix="slipway-fleet-") as place:
        root = Path(place).resolve() / FOLDER
        root.mkdir()
        read = _read_commit(folder, revision) if revision else _read_files(folder)
        origin = f"{folder}@{revision}" if revision else str(folder)
        yield _copied(read, root, origin, needed)


def _copied(read: Iterator[tuple[str, bytes | Refused]], root: Path, origin: str, needed: Needed) -> Checkout:
    files, refused = set[str](), list[Refused]()
    yaml, apart = dict[str, bytes](), dict[str, bytes]()
    total, made = 0, set[str]()
    for name, content in read:
        if isinstance(content, Refused):
            refused.append(content)
            continue
        files.add(name)
        total += len(content)
        if total > MOST:
            raise ExternalError(f"the repository has more than {MOST} bytes: is it a fleet repository?")
        is_needed = needed(name)
        if name.endswith(SUFFIXES):
            (yaml if is_needed else apart)[name] = content
        path = os.path.join(root, name)  # noqa: PTH118 - for thousands of files Path is slow
        parent = os.path.dirname(path)  # noqa: PTH120
        # Around what is not needed the folder is there, since Flux looks for it.
        parent = parent if is_needed else os.path.dirname(parent)  # noqa: PTH120
        if parent not in made:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103
            made.add(parent)
        if is_needed:
            with open(path, "wb") as file:  # noqa: PTH123
                file.write(content)
    return Checkout(root, origin, frozenset(files), tuple(refused), yaml, apart)


def _read_files(folder: Path) -> Iterator[tuple[str, bytes | Refused]]:
    for name in _files(folder):
        path = os.path.join(folder, name)  # noqa: PTH118
        try:
            status = os.lstat(path)
        except FileNotFoundError:  # deleted, and not committed yet
            continue
        link = os.readlink(path) if stat.S_ISLNK(status.st_mode) else None  # noqa: PTH115
        why = _why_not(stat.S_ISREG(status.st_mode), status.st_size, link)
        if why:
            yield name, Refused(name, why)
            continue
        with open(path, "rb") as file:  # noqa: PTH123
            yield name, file.read()


def committed(folder: Path, revision: str, directories: Collection[str]) -> dict[str, bytes]:
    """The ordinary files that a commit has in some directories; none where it has not got them.

    Raises:
        ExternalError: there is no such commit.
    """
    listed = ["git", "-C", str(folder), "--literal-pathspecs", "ls-tree", "-z", "-d", "--name-only", revision, "--"]
    # Without a path git lists all.
    there = [each for each in run([*listed, *directories]).split("\0") if each] if directories else []
    read = _read_commit(folder, revision, there) if there else ()
    return {name: content for name, content in read if isinstance(content, bytes)}


def _read_commit(folder: Path, revision: str, paths: Collection[str] = ()) -> Iterator[tuple[str, bytes | Refused]]:
    git = ["git", "-C", str(folder), "--literal-pathspecs"]
    try:
        commit = run([*git, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"])
        archive = run_bytes([*git, "archive", "--format=tar", commit.strip(), "--", *paths])
    except CommandFailed:
        raise ExternalError(f"{folder} has no commit {revision}: `git fetch` it first, or name another") from None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isdir():
                continue
            why = _why_not(member.isfile(), member.size, member.linkname or None)
            content = None if why else tar.extractfile(member)
            yield member.name, Refused(member.name, why) if why else content.read() if content else b""


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


def _why_not(regular: bool, size: int, link: str | None) -> str | None:
    if link is not None:
        return f"is a link to {PurePosixPath(link)}: links are not followed, write the file itself"
    if not regular:
        return "is no ordinary file"
    if size > LARGEST:
        return f"has {size} bytes, more than {LARGEST}: no object on a cluster may be that large"
    return None
