"""Validates a fleet repository: every file as it is written, then everything as Flux would apply it.

With `since` only the requests that differ from a commit are rendered, unless something changed that others share.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from fleet.clone import Clone
from fleet.rendering import (
    Checkout,
    Failure,
    Rendering,
    checkout,
    committed,
    references,
    render,
    render_before,
)
from fleet.rendering.fleet import waves_of
from fleet.rendering.safe_yaml import position
from fleet.validation import (
    admission,
    flux_references,
    immutable,
    networks,
    objects,
    releases,
    requests,
    source,
    tenants,
    texts,
)
from fleet.validation import since as since_
from fleet.validation.finding import Finding
from fleet.validation.objects import Sources
from fleet.validation.schemas import Schemas, load
from fleet.validation.since import Changed
from fleet.waves import environments

_UNSET: Final = re.compile(r'variable not set \(strict mode\): "(\w+)"')


@dataclass(frozen=True)
class Result:
    """What was found.

    Attributes:
        findings: sorted by file and line.
        undecided: policies that only a cluster can evaluate.
        files, clusters: how many YAML files were read, and requests rendered.
    """

    findings: tuple[Finding, ...]
    undecided: tuple[str, ...]
    files: int
    clusters: int
    seconds: float


def validate(folder: Path, since: str | None = None, manifests: Path | None = None) -> Result:
    """Find all mistakes at once.

    Args:
        since: a commit; what did not change since is taken to be well, and only its names and networks are read.
        manifests: a folder of CRD manifests, instead of those of the pinned versions.

    Raises:
        ExternalError: the folder, the commit, a command or the schemas cannot be had.
    """
    started = time.monotonic()
    schemas = load(manifests)
    changed = since_.changed(folder, since) if since else None
    with ExitStack() as stack:
        copy = stack.enter_context(checkout(folder, needed=changed.needs) if changed else checkout(folder))
        if changed and since_.are_entangled(copy, folder):
            changed, copy = None, stack.enter_context(checkout(folder))
        order = waves_of(copy)
        stages = environments(order)
        sources, found = source.read(copy)
        others = source.read_clusters(copy.apart)
        found += [*objects.check_sources(sources, schemas), *texts.check(sources), *_references(copy, sources)]
        found += [*requests.check_names(sources, others, order), *tenants.check(sources, stages)]
        found += releases.check_promotion(sources, stages)
        rendering = render(copy, environments=changed.environments if changed else None)
        undecided = _check_rendered(rendering, sources, others, schemas, found)
        if since:
            found += releases.check_upgrades(sources, stages, Clone(folder), since)
            found += immutable.check(_before(folder, since, changed, copy, rendering), rendering, sources)
        files, clusters = len(copy.yaml) + len(copy.apart), len(rendering.clusters)
        return Result(tuple(_distinct(found)), tuple(undecided), files, clusters, time.monotonic() - started)


def _before(folder: Path, since: str, changed: Changed | None, copy: Checkout, rendering: Rendering) -> Rendering:
    """What the fleet was, rendering no more than differs."""
    if changed:
        return render_before(copy, rendering, committed(folder, since, changed.requests))
    with checkout(folder, since) as old:
        return render(old, on_clusters=False)


def _check_rendered(
    rendering: Rendering, sources: Sources, others: Sources, schemas: Schemas, found: list[Finding]
) -> list[str]:
    found += objects.check_rendered([*rendering.items, *rendering.on_clusters], sources, schemas)
    found += requests.check_classes(rendering, sources)
    found += networks.check(rendering, sources, others)
    found += releases.check_skew(rendering.items, sources)
    names = [str((document.get("metadata") or {}).get("name")) for _, _, document in requests.written(others)]
    for side in (rendering.items, rendering.on_clusters):
        found += flux_references.check(side, sources, names)
    denied, undecided = admission.check(rendering.items, sources, schemas)
    found += denied
    broken = {PurePosixPath(each.file).parent.as_posix() for each in found}
    found += [_failure(each, sources) for each in rendering.failures if each.directory not in broken]
    return undecided


def _references(copy: Checkout, sources: Sources) -> Iterator[Finding]:
    for bad in references.check(copy):
        if bad.file in sources:
            yield sources[bad.file].finding(0, bad.field, "reference", bad.why, _meant(copy, bad), value=bad.value)


def _meant(copy: Checkout, bad: references.Bad) -> str:
    """The neighbour that is called alike, if there is one."""
    wanted = PurePosixPath(os.path.normpath(PurePosixPath(bad.file).parent / bad.value))
    parents = {parent for file in copy.files for parent in (PurePosixPath(file), *PurePosixPath(file).parents)}
    names = [each.name for each in parents if each.parent == wanted.parent]
    close = difflib.get_close_matches(wanted.name, names, 1)
    if not close:
        return "Write a path that exists, relative to this file"
    return f"Did you mean {PurePosixPath(bad.value).with_name(close[0])}?"


def _failure(failure: Failure, sources: Sources) -> Finding:
    """Where to look: at the variable that is not set, else at the directory's kustomization."""
    mend = "Mend it until `kustomize build` of this directory works"
    inside = [each for file, each in sources.items() if file.startswith(f"{failure.directory}/")]
    unset = _UNSET.search(failure.message)
    for each in inside if unset else ():
        at = each.text.find("${" + unset[1]) if unset else -1
        if unset and at >= 0:
            line, column = position(each.text, at)
            told = "Flux has no value of this name: add it to release.yaml or settings.yaml of the environment"
            return Finding(each.file, line, column, "rendering", "", f"${{{unset[1]}}}", "is not set", told)
    names = [each.file for each in inside if PurePosixPath(each.file).stem.lower() == "kustomization"]
    file = names[0] if names else failure.directory
    return Finding(file, 1, 1, "rendering", "", "", failure.message, mend)


def _distinct(found: list[Finding]) -> Iterator[Finding]:
    """Each place and rule once: what is written wrong is rendered wrong as well."""
    seen: set[tuple[object, ...]] = set()
    for each in sorted(found):
        key = (each.file, each.line, each.column, each.rule, each.field.rpartition(".")[2])
        if key not in seen:
            seen.add(key)
            yield each
