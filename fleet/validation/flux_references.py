"""What Flux's objects refer to: sources that somebody makes, and what they wait for, without a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from fleet.rendering import Item
from fleet.validation.finding import Finding, Path
from fleet.validation.objects import Sources, locate

SOURCES: Final = {
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): ("spec", "sourceRef"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"): ("spec", "chart", "spec", "sourceRef"),
}
"""Where the kinds of Flux name their source.

https://fluxcd.io/flux/components/kustomize/kustomizations/#source-reference
https://fluxcd.io/flux/components/helm/helmreleases/#chart-template
"""

MADE_BY_THE_PROGRAM: Final = {("GitRepository", namespace, "fleet") for namespace in ("flux-system", "clusters")}

Name = tuple[str, str, str]
"""Kind, namespace and name."""


def check(items: list[Item], sources: Sources, others: Collection[str]) -> Iterator[Finding]:
    """All objects of one side: the management cluster's, or workload clusters'.

    Args:
        others: names of clusters that are not rendered, whose objects begin with them.
    """
    there = {_name(item) for item in items} | MADE_BY_THE_PROGRAM
    waits: dict[Name, list[Name]] = {}
    for item in items:
        where = SOURCES.get(item.key[:2])
        if where is None:
            continue
        source = _at(item.object, where)
        if source and not _is_there(_referred(item, source, source.get("kind", "")), there, others):
            message = f"there is no {source.get('kind')} of this name"
            mend = "Name a source of the fleet, or add it"
            place = locate(item, (*where, "name"), sources)
            yield place.finding("reference", message, mend, value=source.get("name"))
        waits[_name(item)] = []
        for number, each in enumerate(item.object["spec"].get("dependsOn") or []):
            other = _referred(item, each, item.object["kind"])
            waits[_name(item)].append(other)
            if not _is_there(other, there, others):
                message = f"there is no {other[0]} of this name in {other[1]}: Flux would wait for ever"
                place = locate(item, ("spec", "dependsOn", number, "name"), sources)
                yield place.finding("reference", message, "Name one that is there, or wait for nothing", value=other[2])
    yield from _circles(waits, items, sources)


def _circles(waits: Mapping[Name, list[Name]], items: list[Item], sources: Sources) -> Iterator[Finding]:
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle: list[Name] = error.args[1]
        item = next(each for each in items if _name(each) == circle[0])
        message = f"{' waits for '.join(name for _, _, name in reversed(circle))}: none of them is ever applied"
        place = locate(item, ("spec", "dependsOn"), sources)
        yield place.finding("reference", message, "Let one of them wait for nothing")


def _is_there(name: Name, there: Collection[Name], others: Collection[str]) -> bool:
    return name in there or any(name[2] == each or name[2].startswith(f"{each}-") for each in others)


def _referred(item: Item, reference: Mapping[str, Any], kind: str) -> Name:
    return kind, reference.get("namespace") or item.key[2], str(reference.get("name"))


def _name(item: Item) -> Name:
    _, kind, namespace, name = item.key
    return kind, namespace, name


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
