"""What Azure fixes when it makes a resource: changes that it would refuse, by the rules of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from fleet.plan import comparison, reading
from fleet.plan.changes import Property
from fleet.plan.rules import Effect
from fleet.rendering import Item, Rendering
from fleet.validation.finding import Finding, Path, shown
from fleet.validation.objects import Sources, locate

RULE: Final = "immutable"

Difference = tuple[Item, Path, Any]
"""Where two renderings differ, and what is there now."""


def check(before: Rendering, after: Rendering, sources: Sources) -> Iterator[Finding]:
    """Each change of what cannot be changed, where a person wrote it."""
    then, now = _by_directory(before), _by_directory(after)
    requests = {*before.clusters, *after.clusters}
    shared = [each for name in now if name not in requests for each in _differences(then.get(name, []), now[name])]
    same = {name for name in requests if not shared and then.get(name) == now.get(name)}
    for change in comparison.compare(*(reading.read(_without(same, each)) for each in (before, after))):
        refused = [each for each in change.properties if each.rule.effect is Effect.REFUSED]
        for each in refused:
            directory = change.cluster.directory
            own = list(_differences(then.get(directory, []), now[directory]))
            item, path, _ = _cause(each, own, shared) or (now[directory][0], ("metadata", "name"), None)
            was = shown(each.before) or "not set"
            message = f"{each.name} of {each.resource.path} was {was}: Azure refuses to change it"
            mend = f"{each.rule.why[0].upper()}{each.rule.why[1:]}; see {each.rule.source}"
            yield locate(item, path, sources).finding(RULE, message, mend, value=each.after)


def _by_directory(rendering: Rendering) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in rendering.items:
        found.setdefault(item.directory, []).append(item)
    return found


def _without(directories: set[str], rendering: Rendering) -> Rendering:
    return replace(rendering, items=[each for each in rendering.items if each.directory not in directories])


def _cause(changed: Property, *places: list[Difference]) -> Difference | None:
    """What became the new value: in the request itself before what all share; else whatever differs there."""
    for differences in places:
        for each in differences:
            if each[2] == changed.after:
                return each
    return next((each for differences in places for each in differences), None)


def _differences(before: list[Item], after: list[Item]) -> Iterator[Difference]:
    known = {each.key: each.object for each in before}
    for item in after:
        for path, value in _changed(known.get(item.key), item.object):
            yield item, path, value


def _changed(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value, and each list, that is another; items of lists are the same if they are called so."""
    if old == new:
        return
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        for key in sorted({*before, *new}):
            yield from _changed(before.get(key), new.get(key), (*path, key))
        return
    yield path, new
    if isinstance(new, list):
        items = old if isinstance(old, list) else []
        named = {each["name"]: each for each in items if isinstance(each, dict) and "name" in each}
        for number, each in enumerate(new):
            if each not in items:
                name = each.get("name") if isinstance(each, dict) else None
                yield from _changed(named.get(name), each, (*path, number))
