"""Follows the Flux Kustomizations of a fleet from its root, and renders each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from external.command import require
from fleet.rendering import flux, references
from fleet.rendering.checkout import Checkout
from fleet.rendering.flux import Built, Failure, Item, Object
from fleet.rendering.safe_yaml import Unreadable
from fleet.rendering.values import PLACEHOLDERS, MissingValues, Values, of_kustomization

ROOT: Final = "management"
"""What the program's own Kustomization applies."""

SOURCE: Final = "fleet"
"""The GitRepository that is this repository, on the management cluster and on each workload cluster."""

CLUSTERS: Final = (("cluster.x-k8s.io", "Cluster"), ("containerservice.azure.com", "ManagedCluster"))
"""What a request may be."""

GROUP: Final = "kustomize.toolkit.fluxcd.io"

_ROOT_KUSTOMIZATION: Final[Object] = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "Kustomization",
    "metadata": {"name": SOURCE, "namespace": "flux-system"},
    "spec": {
        "interval": "10m",
        "path": f"./{ROOT}",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": SOURCE},
    },
}


@dataclass(frozen=True)
class Request:
    """A directory that has a Cluster, or in the class `aks-aso` a ManagedCluster.

    Attributes:
        environment: what its label says.
        name, namespace: of the Cluster.
        items: all that becomes of the directory, the Cluster first.
    """

    environment: str
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
        environments: in their order of promotion.
    """

    environments: tuple[str, ...]
    items: list[Item] = field(default_factory=list)
    on_clusters: list[Item] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

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
                environment = (metadata.get("labels") or {}).get("environment", "")
                ordered = (first, *(each for each in items if each is not first))
                found[directory] = Request(environment, metadata["name"], metadata.get("namespace", ""), ordered)
        return found


def render(
    checkout: Checkout,
    values: Values = PLACEHOLDERS,
    *,
    on_clusters: bool = True,
) -> Rendering:
    """Render all that Flux would apply.

    Args:
        values: what the management cluster knows besides, by name of the ConfigMap or Secret.
        on_clusters: whether to render what workload clusters get, too.

    Raises:
        ExternalError: `flux` is not on the PATH.
    """
    require("flux", "https://fluxcd.io/flux/installation/#install-the-flux-cli")
    bad = references.refused(checkout)
    rendering = Rendering(environments(checkout))
    unreadable = _without_unreadable(checkout)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        walk = _Walk(checkout, {**PLACEHOLDERS, **values}, bad, pool)
        _follow(walk, rendering, on_clusters)
    told = {each.directory for each in unreadable}
    rendering.failures = unreadable + [each for each in rendering.failures if each.directory not in told]
    _tell_duplicates(rendering)
    return rendering


def _without_unreadable(checkout: Checkout) -> list[Failure]:
    """Take YAML that cannot be read out of the copy, since kustomize may need minutes and gigabytes for it."""
    failures: list[Failure] = []
    for file, content in checkout.contents.items():
        if isinstance(content, Unreadable):
            (checkout.root / file).unlink(missing_ok=True)
            directory, name = PurePosixPath(file).parent.as_posix(), PurePosixPath(file).name
            failures.append(Failure(directory, "", f"{name}:{content.line}:{content.column}: {content.why}"))
    return failures


def environments(checkout: Checkout) -> tuple[str, ...]:
    """The environments in their order of promotion, which is that in management/kustomization.yaml."""
    try:
        parsed = yaml.safe_load((checkout.root / ROOT / "kustomization.yaml").read_text())
        resources = [PurePosixPath(each) for each in parsed["resources"]]
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        return ()
    return tuple(each.name for each in resources if each.parent.name == "environments")


@dataclass(frozen=True)
class _Walk:
    checkout: Checkout
    values: Values
    bad: dict[str, str]
    pool: Executor

    def build(self, kustomization: Object, rendered: list[Object]) -> Built:
        """All objects of one Kustomization."""
        name, root = kustomization["metadata"]["name"], self.checkout.root
        path = os.path.normpath(kustomization["spec"].get("path") or ".")
        if path.startswith(("..", "/")) or not (root / path).is_dir():
            # Git keeps no empty folder, and Flux says the same on a cluster.
            return Built(failures=[Failure(path, name, f"its path {path} is no folder of the repository")])
        try:
            values = of_kustomization(kustomization, rendered, self.values)
        except MissingValues as error:
            return Built(failures=[Failure(path, name, str(error))])
        if flux.has_kustomization(root / path):
            if path in self.bad:
                return Built(failures=[Failure(path, name, self.bad[path])])
            return flux.build_directory(root, kustomization, values, path)
        return self._build_units(kustomization, values, flux.units(root, path))

    def _build_units(self, kustomization: Object, values: dict[str, str], found: list[str]) -> Built:
        name = kustomization["metadata"]["name"]
        refused = [Failure(each, name, self.bad[each]) for each in found if each in self.bad]
        good = [each for each in found if each not in self.bad]
        size = max(1, min(flux.GROUP, -(-len(good) // (os.cpu_count() or 1))))
        groups = [good[start : start + size] for start in range(0, len(good), size)]
        root = self.checkout.root
        results = self.pool.map(lambda group: flux.build_group(root, kustomization, values, group), groups)
        return sum(results, Built(failures=refused))


def _follow(walk: _Walk, rendering: Rendering, on_clusters: bool) -> None:
    """Level by level, so that what is substituted from is there before what needs it."""
    level: list[tuple[Object, bool]] = [(_ROOT_KUSTOMIZATION, False)]
    seen: set[tuple[Any, ...]] = set()
    with ThreadPoolExecutor() as pool:
        while level:
            known = [each.object for each in rendering.items]
            remote = known + [each.object for each in rendering.on_clusters]
            results = list(pool.map(lambda each: walk.build(each[0], remote if each[1] else known), level))  # noqa: B023
            children: list[tuple[Object, bool]] = []
            for (_, on_cluster), built in zip(level, results, strict=True):
                (rendering.on_clusters if on_cluster else rendering.items).extend(built.items)
                rendering.failures.extend(built.failures)
                children += [(child, apart or on_cluster) for child, apart in _children(built.items)]
            level = [(child, apart) for child, apart in children if not apart or (on_clusters and _is_new(child, seen))]


def _is_new(kustomization: Object, seen: set[tuple[Any, ...]]) -> bool:
    kind = _kind_of(kustomization)
    is_new = kind not in seen
    seen.add(kind)
    return is_new


def _children(items: list[Item]) -> Iterator[tuple[Object, bool]]:
    """The Kustomizations of the fleet's own repository, and whether each is for a workload cluster."""
    for item in items:
        if item.key[:2] != (GROUP, "Kustomization"):
            continue
        spec = item.object["spec"]
        source = spec.get("sourceRef") or {}
        if source.get("kind") == "GitRepository" and source.get("name") == SOURCE:
            yield item.object, "kubeConfig" in spec


def _kind_of(kustomization: Object) -> tuple[Any, ...]:
    """What tells apart Kustomizations that render to the same but for the name of their cluster."""
    spec = kustomization["spec"]
    environment = ((spec.get("postBuild") or {}).get("substitute") or {}).get("environment")
    return spec.get("path"), environment, repr(spec.get("patches"))


def _tell_duplicates(rendering: Rendering) -> None:
    first: dict[tuple[str, str, str, str], Item] = {}
    for item in rendering.items:
        other = first.setdefault(item.key, item)
        if other is not item:
            _, kind, namespace, name = item.key
            where = f"{namespace}/{name}" if namespace else name
            message = f"{kind} {where} is in {other.directory} already: names are unique in the fleet"
            rendering.failures.append(Failure(item.directory, item.kustomization, message))
