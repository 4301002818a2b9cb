"""What is built from what: tools.toml, read and checked, and the keys under which results are cached."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent
MODULES = HERE / "modules"
KEY_LENGTH = 12


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tool(_Strict):
    """Programs built together from one folder of modules/; the fields are explained in tools.toml."""

    name: str
    module: str
    version: str
    use: Literal["host", "image", "render"]
    seconds: int = Field(gt=0)
    programs: dict[str, str]
    links: dict[str, list[str]] = {}
    stamp: dict[str, str] = {}
    prepare: str | None = None
    uses_documents: bool = False
    lane: Literal["a", "b"] = "a"

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.name} {self.version}"

    def linker_flags(self) -> str:
        """`-ldflags` of `go build`: no debug information, and the version the program tells."""
        words = {"version": self.version, "number": self.version.removeprefix("v")}
        stamps = [f"-X {variable}={value.format(**words)}" for variable, value in self.stamp.items()]
        return " ".join(["-s", "-w", *stamps])


class Document(_Strict):
    """Files and folders of the module `path` that are kept, relative to the module's root."""

    name: str
    module: str
    path: str
    keep: list[str]
    executable: list[str] = []


class Image(_Strict):
    """One program as an OCI image; `files` is a folder of the releases that is added at `files_at`."""

    repository: str
    tag: str
    program: str
    path: str
    user: str
    files: str | None = None
    files_at: str | None = None

    @property
    def reference(self) -> str:
        """As a pod names it: `registry.k8s.io/pause:3.10`."""
        return f"{self.repository}:{self.tag}"

    @property
    def stored(self) -> str:
        """As the local registry stores it: every upstream host is a mirror of the same registry."""
        return self.reference.split("/", 1)[1]


class Recipe(_Strict):
    """All of tools.toml."""

    tool: list[Tool]
    document: list[Document]
    image: list[Image]

    def used(self, *uses: str) -> list[Tool]:
        """The tools for these uses, in the order of building."""
        return [tool for tool in self.tool if tool.use in uses]


def load(path: Path = HERE / "tools.toml") -> Recipe:
    """Read the recipe.

    Raises:
        pydantic.ValidationError: a field is missing, unknown or of the wrong type.
    """
    return Recipe.model_validate(tomllib.loads(path.read_text()))


def digest(parts: Iterable[bytes | str]) -> str:
    """A short key of everything in `parts`; no two different lists share one by running into each other."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:KEY_LENGTH]


def folder_parts(folder: Path, pattern: str = "**/*") -> list[bytes]:
    """Names and contents of the files below `folder`, in a fixed order, for `digest`."""
    files = sorted(path for path in folder.glob(pattern) if path.is_file())
    return [part for path in files for part in (str(path.relative_to(folder)).encode(), path.read_bytes())]


def tool_keys(recipe: Recipe, environment: Mapping[str, str], go_version: str) -> dict[str, str]:
    """The cache key of every tool: Go's version and settings, the module's files, the tool's own entry.

    `seconds`, `lane` and `use` are left out, which change nothing in what is built.
    """
    settings = [go_version, *(f"{name}={value}" for name, value in sorted(environment.items()))]
    prepare = (HERE / "prepare.py").read_bytes()
    keys: dict[str, str] = {}
    for tool in recipe.tool:
        parts: list[bytes | str] = [
            *settings,
            *folder_parts(MODULES / tool.module),
            tool.model_dump_json(exclude={"seconds", "use", "lane"}),
        ]
        parts += [prepare] if tool.prepare else []
        parts += [documents_key(recipe, keys)] if tool.uses_documents else []
        keys[tool.name] = digest(parts)
    return keys


def documents_key(recipe: Recipe, keys: Mapping[str, str]) -> str:
    """The cache key of all documents; `keys` has at least controller-gen's."""
    return digest(
        [
            keys["controller-gen"],
            (HERE / "documents.py").read_bytes(),
            *(document.model_dump_json() for document in recipe.document),
            *(part for document in recipe.document for part in folder_parts(MODULES / document.module, "go.*")),
        ]
    )
