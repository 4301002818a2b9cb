"""Compares two sides of a fleet, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.plan.azure import Cluster, Fleet, Resource
from fleet.plan.changes import Change, Kind, Property


def compare(before: Fleet, after: Fleet) -> tuple[Change, ...]:
    """Every cluster that changes, by environment and name."""
    names = sorted({*before.clusters, *after.clusters})
    found = [_change(before.clusters.get(name), after.clusters.get(name)) for name in names]
    changes = _with_replaced([each for each in found if each])
    order = [*after.environments, *before.environments]

    def position(change: Change) -> tuple[int, str]:
        environment = change.cluster.environment
        return (order.index(environment) if environment in order else len(order), change.cluster.name)

    return tuple(sorted(changes, key=position))


def _change(before: Cluster | None, after: Cluster | None) -> Change | None:
    if before is None and after is not None:
        kind = Kind.ADOPTED if after.adopted else Kind.CREATED
        return Change(kind, None, after, added=tuple(after.resources.values()))
    if before is not None and after is None:
        if not before.approval[0]:
            return Change(Kind.LEFT, before, None)
        return Change(Kind.DELETED, before, None, removed=tuple(before.resources.values()))
    assert before and after
    properties = tuple(
        each
        for path, resource in after.resources.items()
        if path in before.resources
        for each in _properties(before.resources[path], resource)
    )
    added = tuple(each for path, each in after.resources.items() if path not in before.resources)
    missing = [each for path, each in before.resources.items() if path not in after.resources]
    removed = tuple(each for each in missing if each.removable)
    kept = tuple(each for each in missing if not each.removable)
    approved = tuple(
        each
        for path, each in after.resources.items()
        if each.removable and path in before.resources and not before.resources[path].removable
    )
    keys = sorted({*before.companions, *after.companions})
    hydration = tuple(key for key in keys if before.companions.get(key) != after.companions.get(key))
    kind = _kind(before, after)
    same_class = (before.unknown, before.class_name) == (after.unknown, after.class_name)
    if kind is Kind.CHANGED and same_class and not (properties or added or missing or hydration or approved):
        return None
    return Change(kind, before, after, properties, added, removed, hydration, kept, approved)


def _kind(before: Cluster, after: Cluster) -> Kind:
    if before.approval != after.approval:
        return Kind.APPROVED if after.approval[0] else Kind.WITHDRAWN
    if before.environment != after.environment:
        return Kind.MOVED
    return Kind.CHANGED


def _properties(before: Resource, after: Resource) -> Iterator[Property]:
    for name in sorted({*before.properties, *after.properties}):
        old, new = before.properties.get(name), after.properties.get(name)
        if old != new:
            yield Property(after, name, old, new)


def _with_replaced(changes: list[Change]) -> list[Change]:
    """A directory that asks for another name, after an approval: the old one goes, another comes."""
    gone = {each.before.directory: each for each in changes if each.kind is Kind.DELETED and each.before}
    found: list[Change] = []
    replaced: set[str] = set()
    for each in changes:
        old = gone.get(each.after.directory) if each.kind is Kind.CREATED and each.after else None
        if old and old.before:
            replaced.add(old.before.name)
            found.append(Change(Kind.REPLACED, old.before, each.after, added=each.added, removed=old.removed))
        else:
            found.append(each)
    return [each for each in found if each.kind is not Kind.DELETED or each.cluster.name not in replaced]
