"""Follows the Flux Kustomizations of a fleet from the program's own, and builds each."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fleet.rendering import flux
from fleet.rendering.checkout import Checkout
from fleet.rendering.flux import Built, Failure, Item, Object
from fleet.rendering.values import MissingValues, Values, of_kustomization
from fleet.waves import ENVIRONMENTS

ROOT: Final = "management"
"""What the program's own Kustomization applies."""

SOURCE: Final = "fleet"
"""The GitRepository that is this repository, on the management cluster and on each workload cluster."""

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
class Walk:
    """A checkout, and what its Kustomizations are built with.

    Attributes:
        values: what the management cluster has besides.
        bad: directories that no command gets, and why.
        pool: for groups of directories.
    """

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


def follow(walk: Walk, *, on_clusters: bool, environments: Collection[str] | None = None) -> tuple[Built, Built]:
    """What the management cluster gets, and what workload clusters get, where that is asked for.

    Level by level, so that what is substituted from is there before what needs it.

    Args:
        environments: without what others have; None for all.
    """
    management, remote = Built(), Built()
    level: list[tuple[Object, bool]] = [(_ROOT_KUSTOMIZATION, False)]
    seen: set[tuple[Any, ...]] = set()
    with ThreadPoolExecutor() as pool:
        while level:
            known = [each.object for each in management.items]
            all_known = known + [each.object for each in remote.items]
            given = [all_known if on_cluster else known for _, on_cluster in level]
            results = list(pool.map(walk.build, [child for child, _ in level], given))
            children: list[tuple[Object, bool]] = []
            for (_, on_cluster), built in zip(level, results, strict=True):
                side = remote if on_cluster else management
                items = [each for each in built.items if _is_wanted(each, environments)]
                side.items.extend(items)
                side.failures.extend(built.failures)
                children += [(child, apart or on_cluster) for child, apart in _children(items)]
            level = [(child, apart) for child, apart in children if not apart or (on_clusters and _is_new(child, seen))]
    return management, remote


def _is_wanted(item: Item, environments: Collection[str] | None) -> bool:
    """Whether it is no Kustomization of another environment."""
    if environments is None or item.key[:2] != (GROUP, "Kustomization"):
        return True
    path = PurePosixPath(item.object["spec"].get("path") or ".").parts
    return path[:1] != (ENVIRONMENTS,) or path[1:2] == () or path[1] in environments


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
        if spec.get("suspend"):  # a form to which others are held, or at rest: Flux does not apply it
            continue
        if source.get("kind") == "GitRepository" and source.get("name") == SOURCE:
            yield item.object, "kubeConfig" in spec


def _kind_of(kustomization: Object) -> tuple[Any, ...]:
    """What tells apart Kustomizations that render to the same but for the name of their cluster."""
    spec = kustomization["spec"]
    environment = ((spec.get("postBuild") or {}).get("substitute") or {}).get("environment")
    return spec.get("path"), environment, repr(spec.get("patches"))
