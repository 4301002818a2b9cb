"""What kustomization files refer to: files of this repository, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fleet.rendering.checkout import Checkout
from fleet.rendering.flux import KUSTOMIZATION_FILES
from fleet.rendering.safe_yaml import Text

LISTS: Final = (
    "resources",
    "components",
    "bases",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
)
WITH_PATH: Final = ("patches", "patchesJson6902", "replacements")
GENERATORS: Final = ("configMapGenerator", "secretGenerator")
REMOTE: Final = re.compile(r"^\w[\w+.-]*://|^git@|^git::|[?&]ref=|^(github|gitlab|bitbucket)\.\w+[/:]|//")
"""What kustomize would fetch: https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md"""


@dataclass(frozen=True)
class Bad:
    """A reference that is not followed.

    Attributes:
        file: the kustomization file.
        field: path to the value in it.
        value: what is written there.
        why: what is wrong, and what to write.
    """

    file: str
    field: tuple[str | int, ...]
    value: str
    why: str


def check(checkout: Checkout) -> list[Bad]:
    """All references that lead out of the repository or to nothing."""
    folders = _folders(checkout.files)
    found: list[Bad] = []
    for file, content in checkout.contents.items():
        if file.rpartition("/")[2] not in KUSTOMIZATION_FILES or not isinstance(content, Text):
            continue
        parsed = content.documents[0] if content.documents else None
        for field, value in of(parsed):
            why = _why_not(file, value, checkout.files, folders)
            if why:
                found.append(Bad(file, field, value, why))
    return found


def _folders(files: Iterable[str]) -> set[str]:
    found = {"."}
    for file in files:
        folder = file.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def refused(checkout: Checkout) -> dict[str, str]:
    """Directories that kustomize is not let near, and why: those that would fetch something."""
    return {
        PurePosixPath(bad.file).parent.as_posix(): f"{bad.value} {bad.why}"
        for bad in check(checkout)
        if REMOTE.search(bad.value)
    }


def of(parsed: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a kustomization refers to: the field, and its value."""
    if not isinstance(parsed, dict):
        return
    for key in LISTS:
        for number, each in _entries(parsed, key):
            if isinstance(each, str) and "\n" not in each and not each.lstrip().startswith("{"):
                yield (key, number), each
    for key in WITH_PATH:
        for number, each in _entries(parsed, key):
            if isinstance(each, dict) and isinstance(each.get("path"), str):
                yield (key, number, "path"), each["path"]
    for key in GENERATORS:
        for number, each in _entries(parsed, key):
            for sort in ("files", "envs"):
                for position, value in _entries(each if isinstance(each, dict) else {}, sort):
                    if isinstance(value, str):
                        yield (key, number, sort, position), value.rpartition("=")[2]


def _entries(parsed: dict[str, Any], key: str) -> list[tuple[int, Any]]:
    value = parsed.get(key)
    return list(enumerate(value)) if isinstance(value, list) else []


def _why_not(file: str, value: str, files: frozenset[str], folders: set[str]) -> str | None:
    if REMOTE.search(value):
        return "is fetched from elsewhere: nobody reviewed it here; copy it into the repository"
    target = os.path.normpath(f"{file.rpartition('/')[0] or '.'}/{value}")
    if value.startswith("/") or target.startswith(".."):
        return "leads out of the repository: write a path inside it, relative to this file"
    if target not in files and target not in folders:
        return "does not exist"
    return None
