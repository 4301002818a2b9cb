"""A whole fleet, rendered: its objects, its requests, and what does not render."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from external.command import require
from fleet import waves
from fleet.rendering import references
from fleet.rendering.checkout import SUFFIXES, Checkout
from fleet.rendering.flux import Failure, Item, Object
from fleet.rendering.safe_yaml import Text, Unreadable
from fleet.rendering.values import PLACEHOLDERS, Values
from fleet.rendering.walk import Walk, follow
from fleet.waves import Wave

CLUSTERS: Final = (("cluster.x-k8s.io", "Cluster"), ("containerservice.azure.com", "ManagedCluster"))
"""What a request may be."""


@dataclass(frozen=True)
class Request:
    """A directory that has a Cluster, or in the class `aks-aso` a ManagedCluster.

    Attributes:
        environment, ring: what its labels say.
        name, namespace: of the Cluster.
        items: all that becomes of the directory, the Cluster first.
    """

    environment: str
    ring: str
    name: str
    namespace: str
    items: tuple[Item, ...]

    @property
    def cluster(self) -> Object:
        """The Cluster, or ManagedCluster, as Flux applies it."""
        return self.items[0].object


@dataclass
class Rendering:
    """A whole fleet.

    Attributes:
        items: what the management cluster gets.
        on_clusters: what workload clusters get; for the first cluster of each environment.
        failures: what does not render.
        waves: in their order.
    """

    waves: tuple[Wave, ...]
    items: list[Item] = field(default_factory=list)
    on_clusters: list[Item] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def environments(self) -> tuple[str, ...]:
        """In their order of promotion."""
        return waves.environments(self.waves)

    @property
    def clusters(self) -> dict[str, Request]:
        """The requests by directory."""
        by_directory: dict[str, list[Item]] = {}
        for item in self.items:
            by_directory.setdefault(item.directory, []).append(item)
        found: dict[str, Request] = {}
        for directory, items in by_directory.items():
            first = next((each for each in items if each.key[:2] in CLUSTERS), None)
            if first:
                metadata = first.object["metadata"]
                environment, ring = ((metadata.get("labels") or {}).get(key, "") for key in ("environment", "ring"))
                ordered = (first, *(each for each in items if each is not first))
                found[directory] = Request(environment, ring, metadata["name"], metadata.get("namespace", ""), ordered)
        return found


def render(
    checkout: Checkout,
    values: Values = PLACEHOLDERS,
    *,
    on_clusters: bool = True,
    environments: Collection[str] | None = None,
) -> Rendering:
    """Render all that Flux would apply.

    Args:
        values: what the management cluster knows besides, by name of the ConfigMap or Secret.
        on_clusters: whether to render what workload clusters get, too.
        environments: those whose releases and requests are rendered; None for all.

    Raises:
        ExternalError: `flux` is not on the PATH.
    """
    require("flux", "https://fluxcd.io/flux/installation/#install-the-flux-cli")
    bad = references.refused(checkout)
    rendering = Rendering(waves_of(checkout))
    unreadable = _without_unreadable(checkout)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        walk = Walk(checkout, {**PLACEHOLDERS, **values}, bad, pool)
        management, remote = follow(walk, on_clusters=on_clusters, environments=environments)
    rendering.items, rendering.on_clusters = management.items, remote.items
    told = {each.directory for each in unreadable}
    failures = management.failures + remote.failures
    rendering.failures = unreadable + [each for each in failures if each.directory not in told]
    _tell_duplicates(rendering)
    return rendering


def render_before(checkout: Checkout, rendering: Rendering, requests: Mapping[str, bytes]) -> Rendering:
    """The same fleet with other files for the requests of the checkout, all around them being as it is.

    Args:
        checkout: what was rendered; its requests are replaced.
        requests: the files that they had, by their path in the repository.
    """
    known = [each.object for each in rendering.items]
    waves_ = {each.directory: [one for one in known if _is_of(one, each)] for each in rendering.waves}
    for directory in waves_:
        shutil.rmtree(checkout.root / directory, ignore_errors=True)
        (checkout.root / directory).mkdir(parents=True)
    for file, content in requests.items():
        (checkout.root / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout.root / file).write_bytes(content)
    yaml = {file: content for file, content in requests.items() if file.endswith(SUFFIXES)}
    before = replace(checkout, files=checkout.files | requests.keys(), yaml=yaml)
    found = Rendering(rendering.waves, failures=_without_unreadable(before))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        walk = Walk(before, PLACEHOLDERS, references.refused(before), pool)
        built = [walk.build(one, known) for of_wave in waves_.values() for one in of_wave]
    requested = tuple(f"{directory}/" for directory in waves_)
    found.items = [each for each in rendering.items if not each.directory.startswith(requested)]
    found.items += [item for each in built for item in each.items]
    return found


def _is_of(kustomization: Object, wave: Wave) -> bool:
    """Whether it applies the requests of a wave."""
    if kustomization["kind"] != "Kustomization":
        return False
    return os.path.normpath(str(kustomization["spec"].get("path", ""))) == wave.directory


def _without_unreadable(checkout: Checkout) -> list[Failure]:
    """Take YAML that cannot be read out of the copy, since kustomize may need minutes and gigabytes for it."""
    failures: list[Failure] = []
    for file, content in checkout.contents.items():
        if isinstance(content, Unreadable):
            (checkout.root / file).unlink(missing_ok=True)
            directory, name = PurePosixPath(file).parent.as_posix(), PurePosixPath(file).name
            failures.append(Failure(directory, "", f"{name}:{content.line}:{content.column}: {content.why}"))
    return failures


def waves_of(checkout: Checkout) -> tuple[Wave, ...]:
    """The waves in their order; none where their file is missing or cannot be read."""
    read = checkout.contents.get(waves.FILE)
    return waves.of(read.documents) if isinstance(read, Text) else ()


def _tell_duplicates(rendering: Rendering) -> None:
    first: dict[tuple[str, str, str, str], Item] = {}
    for item in rendering.items:
        other = first.setdefault(item.key, item)
        if other is not item:
            _, kind, namespace, name = item.key
            where = f"{namespace}/{name}" if namespace else name
            message = f"{kind} {where} is in {other.directory} already: names are unique in the fleet"
            rendering.failures.append(Failure(item.directory, item.kustomization, message))
