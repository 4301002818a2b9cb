"""What has to be rendered again since a commit: the requests that changed, unless others share the change."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from external.command import CommandFailed, ExternalError
from fleet.clone import Clone
from fleet.rendering import Checkout, Text, references
from fleet.rendering.flux import KUSTOMIZATION_FILES
from fleet.rendering.safe_yaml import parse
from fleet.waves import ENVIRONMENTS

Unit = Callable[[str], str | None]
"""The directory of the request that a file is of; None where it is of none."""


@dataclass(frozen=True)
class Changed:
    """The requests that are not as they were, where nothing else differs.

    Attributes:
        requests: their directories.
    """

    requests: frozenset[str]
    unit: Unit

    @property
    def environments(self) -> frozenset[str]:
        """Those that have such a request."""
        return frozenset(each.split("/")[1] for each in self.requests)

    def needs(self, file: str) -> bool:
        """Whether a file has to be rendered."""
        return not _is_of_a_request(file) or self.unit(file) in self.requests


def changed(folder: Path, since: str) -> Changed | None:
    """What changed since a commit; None where everything has to be rendered.

    Raises:
        ExternalError: the folder's repository has no such commit.
    """
    unit, requests = _units(folder), set[str]()
    for file in _changed_files(folder, since):
        directory = unit(file)
        if directory:
            requests.add(directory)
        elif file.endswith((".yaml", ".yml")) and (not _is_of_a_request(file) or (folder / file).exists()):
            return None
    return Changed(frozenset(requests), unit)


def are_entangled(copy: Checkout, folder: Path) -> bool:
    """Whether any request refers to files of another, so that looking at one alone would be wrong."""
    unit = _units(folder)

    @cache
    def referred(text: bytes) -> tuple[str, ...]:
        read = parse(text)
        document: Any = read.documents[0] if isinstance(read, Text) and read.documents else None
        return tuple(value for _, value in references.of(document))

    for file, text in (*copy.apart.items(), *copy.yaml.items()):
        here, _, name = file.rpartition("/")
        if name in KUSTOMIZATION_FILES and _is_of_a_request(file):
            targets = (os.path.normpath(f"{here}/{value}") for value in referred(text))
            if any(_is_of_a_request(f"{target}/.") and unit(f"{target}/.") != unit(file) for target in targets):
                return True
    return False


def _changed_files(folder: Path, since: str) -> list[str]:
    clone = Clone(folder)
    try:
        found = clone.git("diff", "--name-only", "--no-renames", "--relative", "-z", since, "--").split("\0")
        found += clone.git("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    except CommandFailed:
        raise ExternalError(f"{folder} has no commit {since}: `git fetch` it first, or name another") from None
    return [file for file in found if file]


def _is_of_a_request(file: str) -> bool:
    """Below environments/ENVIRONMENT/RING/REQUEST/."""
    return file.startswith(f"{ENVIRONMENTS}/") and file.count("/") > 3


def _units(folder: Path) -> Unit:
    """What Flux takes as one: the outermost directory that has a kustomization."""

    @cache
    def has_kustomization(directory: str) -> bool:
        return any((folder / directory / name).is_file() for name in KUSTOMIZATION_FILES)

    def unit(file: str) -> str | None:
        parts = file.split("/") if _is_of_a_request(file) else []
        directories = ("/".join(parts[:end]) for end in range(4, len(parts)))
        return next((each for each in directories if has_kustomization(each)), None)

    return unit
