"""One Flux Kustomization's objects, by `flux build`: a group of directories at a time, in halves where one fails."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from external.command import CommandFailed, run
from fleet.rendering.checkout import FOLDER

GROUP: Final = 40
"""Directories built at once: the time grows faster than their number, and a start of flux takes 0.1 s."""

ORIGIN: Final = "config.kubernetes.io/origin"
OWNER: Final = "kustomize.toolkit.fluxcd.io/"
DIRECTORY: Final = "slipway.dev/rendered-directory"
KUSTOMIZATION_FILES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/"""

ENVIRONMENT: Final = {
    # Whatever a kustomization names, nothing is fetched.
    "GIT_ALLOW_PROTOCOL": "none",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    # A process of a second does better without collecting garbage, which was nearly half of its time.
    "GOGC": "off",
    "GOMEMLIMIT": "256MiB",
}

Object = dict[str, Any]

_numbers = itertools.count()


@dataclass(frozen=True)
class Item:
    """A rendered object.

    Attributes:
        object: as Flux applies it, without the labels by which Flux marks what is its own.
        file: the manifest it comes from, in the repository; of a generated object, the kustomization file.
        directory: the directory that Flux found it in: of a request, the request's.
        kustomization: the Flux Kustomization that applies it.
    """

    object: Object
    file: str
    directory: str
    kustomization: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Group, kind, namespace and name: what no two objects of a cluster share."""
        metadata = self.object["metadata"]
        group = self.object["apiVersion"].rpartition("/")[0]
        return group, self.object["kind"], metadata.get("namespace") or "", metadata["name"]


@dataclass(frozen=True)
class Failure:
    """A directory that does not render, in the words of kustomize or Flux."""

    directory: str
    kustomization: str
    message: str


@dataclass
class Built:
    """What one or several builds gave."""

    items: list[Item] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def __add__(self, other: Built) -> Built:
        return Built(self.items + other.items, self.failures + other.failures)


def has_kustomization(folder: Path) -> bool:
    """Whether kustomize can build a folder."""
    return any((folder / name).is_file() for name in KUSTOMIZATION_FILES)


def units(root: Path, path: str) -> list[str]:
    """What Flux takes of a path without a kustomization file: directories with one, and YAML files beside them.

    https://fluxcd.io/flux/components/kustomize/kustomizations/#generating-a-kustomizationyaml-file
    """
    found: list[str] = []
    for each in sorted((root / path).iterdir()):
        name = PurePosixPath(path, each.name).as_posix()
        if each.is_dir():
            found += [name] if has_kustomization(each) else units(root, name)
        elif each.suffix in (".yaml", ".yml"):
            found.append(name)
    return found


def build_directory(root: Path, kustomization: Object, values: dict[str, str], path: str) -> Built:
    """A Kustomization whose path has a kustomization file of its own."""
    try:
        return Built(_parsed(_flux(root, kustomization, values, root / path), root / path, root, kustomization, path))
    except (CommandFailed, yaml.YAMLError) as error:
        return Built(failures=[Failure(path, kustomization["metadata"]["name"], _words(error, root))])


def build_group(root: Path, kustomization: Object, values: dict[str, str], group: Sequence[str]) -> Built:
    """Some of the directories and files of a path without a kustomization file."""
    if not group:
        return Built()
    wrapper = _wrapper(root, group)
    try:
        return Built(_parsed(_flux(root, kustomization, values, wrapper), wrapper, root, kustomization, ""))
    except (CommandFailed, yaml.YAMLError) as error:
        if len(group) == 1:
            return Built(failures=[Failure(group[0], kustomization["metadata"]["name"], _words(error, root))])
    half = len(group) // 2
    return build_group(root, kustomization, values, group[:half]) + build_group(
        root, kustomization, values, group[half:]
    )


def _wrapper(root: Path, group: Sequence[str]) -> Path:
    """A folder whose kustomization has the whole group, each object marked with what it comes from."""
    folder = root.parent / "groups" / str(next(_numbers))
    for number, unit in enumerate(group):
        inner = folder / str(number)
        inner.mkdir(parents=True)
        mark = {
            "apiVersion": "builtin",
            "kind": "AnnotationsTransformer",
            "metadata": {"name": "directory"},
            "annotations": {DIRECTORY: unit},
            "fieldSpecs": [{"path": "metadata/annotations", "create": True}],
        }
        _write(inner, {"resources": [f"../../../{FOLDER}/{unit}"], "transformers": [json.dumps(mark)]})
    _write(folder, {"resources": [str(number) for number in range(len(group))]})
    return folder


def _write(folder: Path, kustomization: Object) -> None:
    (folder / KUSTOMIZATION_FILES[0]).write_text(json.dumps(kustomization))


def _flux(root: Path, kustomization: Object, values: dict[str, str], folder: Path) -> str:
    """Flux reads nothing outside of the folder above `root`: https://fluxcd.io/flux/cmd/flux_build_kustomization/"""
    name, namespace = kustomization["metadata"]["name"], kustomization["metadata"].get("namespace", "flux-system")
    spec = {**kustomization["spec"], "buildMetadata": ["originAnnotations"]}
    if "components" in spec:
        here = root / spec["path"]
        spec["components"] = [os.path.relpath(here / each, folder) for each in spec["components"]]
    if "postBuild" in spec:
        spec["postBuild"] = {"substitute": values}
    definition = root.parent / f"{next(_numbers)}.json"
    definition.write_text(json.dumps({**kustomization, "spec": spec}))
    where = ["--path", str(folder), "--kustomization-file", str(definition), "--namespace", namespace]
    return run(
        ["flux", "build", "kustomization", name, *where, "--dry-run", "--strict-substitute", "--in-memory-build"],
        cwd=root.parent,
        env=ENVIRONMENT,
        timeout=300,
    )


def _parsed(text: str, built: Path, root: Path, kustomization: Object, path: str) -> list[Item]:
    items: list[Item] = []
    for each in yaml.load_all(text, yaml.CSafeLoader):
        if not isinstance(each, dict):
            continue
        metadata = each["metadata"]
        annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
        origin = yaml.safe_load(annotations.pop(ORIGIN, "")) or {}
        file = (built / (origin.get("path") or origin.get("configuredIn") or "")).resolve()
        directory = annotations.pop(DIRECTORY, path)
        for label in [label for label in labels if label in (f"{OWNER}name", f"{OWNER}namespace")]:
            del labels[label]
        for key in ("annotations", "labels"):
            if key in metadata and not metadata[key]:
                del metadata[key]
        inside = file.relative_to(root).as_posix() if file.is_relative_to(root) else directory
        items.append(Item(each, inside, directory, kustomization["metadata"]["name"]))
    return items


def _words(error: CommandFailed | yaml.YAMLError, root: Path) -> str:
    """The innermost cause, with paths as they are in the repository."""
    text = error.output if isinstance(error, CommandFailed) else str(error)
    text = " ".join(text.removeprefix("✗").split()).replace(f"{root}/", "")
    text = re.sub(rf"(\.\./)+{FOLDER}/", "", text)
    for noise in ("kustomize build failed: ", "envsubst error: ", "variable substitution failed: "):
        text = text.replace(noise, "")
    return re.sub(r"accumulating resources: accumulation err=.*?': recursed accumulation of path '[^']*': ", "", text)
