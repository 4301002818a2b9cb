"""A plan in words, the same in the terminal and in a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fleet.plan.azure import MANAGED_CLUSTER, Cluster, Resource
from fleet.plan.changes import Change, Kind, Property, cores
from fleet.plan.plan import Plan
from fleet.plan.refusals import LIMIT, quotas
from fleet.plan.rules import Effect

NAMED: Final = 5
"""Clusters of one row that are named; of more, the number."""

_VERSIONS: Final = ("kubernetesVersion", "orchestratorVersion", "version")
_LABELS: Final = {"sku.tier": "tier", "availabilityZones": "zones", "vmSize": "size"}


@dataclass(frozen=True)
class Row:
    """Clusters of one environment to which the same happens.

    Attributes:
        what: one sentence each.
        month: the difference in money; None without prices.
    """

    environment: str
    clusters: str
    kind: Kind
    effect: Effect
    what: tuple[str, ...]
    nodes: int
    cores: int
    month: float | None


def rows(plan: Plan) -> list[Row]:
    """The table of a plan."""
    groups: dict[tuple[str, Kind, tuple[str, ...]], list[Change]] = {}
    for change in plan.changes:
        groups.setdefault((change.cluster.environment, change.kind, tuple(sentences(change))), []).append(change)
    return [
        Row(
            environment,
            names([each.cluster.name for each in group]),
            kind,
            max((each.effect for each in group), key=list(Effect).index),
            what,
            sum(each.nodes for each in group),
            sum(each.cores for each in group),
            month(plan, group),
        )
        for (environment, kind, what), group in groups.items()
    ]


def month(plan: Plan, group: list[Change] | tuple[Change, ...]) -> float | None:
    """What a month costs more; None without prices."""
    if plan.prices is None:
        return None
    living = [each for each in group if each.kind is not Kind.LEFT]
    return sum(plan.prices.month(each.after) - plan.prices.month(each.before) for each in living)


def unpriced(plan: Plan) -> list[str]:
    """Sizes that the price table does not have."""
    if plan.prices is None:
        return []
    return sorted({size for each in plan.changes if each.after for size in plan.prices.missing(each.after)})


def headline(plan: Plan) -> str:
    """The blast radius in one line."""
    counts: dict[tuple[str, Kind], int] = {}
    for change in plan.changes:
        key = (change.cluster.environment, change.kind)
        counts[key] = counts.get(key, 0) + 1
    said = [
        f"{count} {'cluster' if count == 1 else 'clusters'} {kind} in {name}" for (name, kind), count in counts.items()
    ]
    if not said:
        teams = sorted({each.where for each in plan.others})
        return (
            f"no cluster changes; {names(teams)} does"
            if len(teams) == 1
            else (f"no cluster changes; {names(teams)} do" if teams else "nothing changes")
        )
    nodes, more = sum(each.nodes for each in plan.changes), sum(each.cores for each in plan.changes)
    plural = "" if abs(nodes) == 1 else "s"
    sizes = f"{nodes:+d} node{plural}, {more:+d} cores" if nodes or more else "as many nodes as before"
    money = month(plan, plan.changes)
    cost = f", {money:+.0f} {plan.prices.currency} a month" if money and plan.prices else ""
    worst = max((each.effect for each in plan.changes), key=list(Effect).index)
    return f"{', '.join(said)}: {sizes}{cost}; {_WORST[worst]}"


_WORST: Final = {
    Effect.IN_PLACE: "nothing that runs is disturbed",
    Effect.ROLLING: "nodes are replaced one by one",
    Effect.DISRUPTIVE: "nodes that run go away",
    Effect.REFUSED: "a part will be refused",
}


def sentences(change: Change) -> Iterator[str]:
    """What happens to one cluster, the same words for the same change."""
    before, after = change.before, change.after
    if change.kind is Kind.LEFT:
        yield "nothing in Azure: it runs on, and its environment is not ready until it is back"
    elif change.kind in (Kind.CREATED, Kind.ADOPTED) and after:
        yield from _whole(after)
    elif change.kind is Kind.DELETED and before:
        yield f"with everything in its resource group: {_nodes(before)}; approved by {before.approval[0]}"
    elif change.kind is Kind.REPLACED and before and after:
        yield f"{before.name} is deleted ({_nodes(before)}), {after.name} created"
        yield from _whole(after)
    elif before and after:
        yield from _compared(change, before, after)


def _whole(cluster: Cluster) -> Iterator[str]:
    managed = next((each for each in cluster.resources.values() if each.kind == MANAGED_CLUSTER), None)
    tier = managed.properties.get("sku.tier") if managed else None
    facts = [cluster.class_name, f"Kubernetes {cluster.version.removeprefix('v')}", *([f"tier {tier}"] if tier else [])]
    yield ", ".join([*facts, cluster.region])
    yield from (f"pool {_pool(each)}" for each in cluster.pools)
    yield from _unknown(cluster)


def _compared(change: Change, before: Cluster, after: Cluster) -> Iterator[str]:
    if change.kind is Kind.APPROVED:
        until = after.approval[1] or "no time, so it does not count"
        yield f"by {after.approval[0]} until {until}; removing {after.directory} deletes it"
    if change.kind is Kind.MOVED:
        yield f"from {before.environment}"
    if before.class_name != after.class_name:
        same = not (change.properties or change.added or change.removed)
        yield f"class {before.class_name} → {after.class_name}" + (", the same in Azure" if same else "")
    if before.version != after.version:
        yield f"Kubernetes {before.version.removeprefix('v')} → {after.version.removeprefix('v')}"
    for resource in change.added:
        yield f"new pool {_pool(resource)}" if resource.is_pool else f"new {resource.path}"
    for resource in change.removed:
        yield (
            f"pool {resource.name} removed, {resource.count} nodes drained"
            if resource.is_pool
            else f"{resource.path} removed"
        )
    for resource in change.kept:
        yield f"pool {resource.name} is left out, but Azure keeps its {resource.count} nodes (refused)"
    for resource in change.approved:
        yield f"pool {resource.name} may be removed from now on"
    for each in change.properties:
        if each.name not in _VERSIONS or before.version == after.version:
            yield _property(each)
    if not (change.properties or change.added or change.removed or change.kept) and change.hydration:
        yield f"its agent and what it applies: {', '.join(change.hydration)}"
    yield from _unknown(after)


def _unknown(cluster: Cluster) -> Iterator[str]:
    if cluster.unknown:
        yield f"what it is in Azure cannot be told: {cluster.unknown}"


def _property(each: Property) -> str:
    if each.resource.is_pool and each.name == "count":
        return f"pool {each.resource.name} {each.before} → {each.after} nodes"
    what = f"pool {each.resource.name} " if each.resource.is_pool else ""
    refused = " (refused)" if each.rule.effect is Effect.REFUSED else ""
    return f"{what}{_LABELS.get(each.name, each.name)} {_value(each.before)} → {_value(each.after)}{refused}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _pool(pool: Resource) -> str:
    zones = pool.properties.get("availabilityZones")
    return f"{pool.name}: {pool.count} × {pool.size or 'size unknown'}" + (f", zones {_value(zones)}" if zones else "")


def _nodes(cluster: Cluster) -> str:
    count = sum(pool.count for pool in cluster.pools)
    return f"{count} {'node' if count == 1 else 'nodes'}, {cores(cluster)} cores"


def signed(number: float | None) -> str:
    """A difference; nothing where there is none."""
    return f"{number:+.0f}" if number else ""


def names(found: list[str]) -> str:
    """Some of them, and how many more there are."""
    shown = ", ".join(found[:NAMED])
    return f"{shown} and {len(found) - NAMED} more" if len(found) > NAMED else shown


def capacity(plan: Plan) -> list[str]:
    """Where the environments stand after the merge, of those that it touches and that have limits."""
    touched = {each.cluster.environment for each in plan.changes}
    said = []
    for name in plan.after.environments:
        limit = plan.after.values[name]["settings"].get(LIMIT)
        if name in touched and limit:
            count = sum(each.environment == name for each in plan.after.clusters.values())
            said.append(f"{name}: {count} of {limit} clusters")
    said += [
        f"{name}: {used} of {quota} cores in {region}"
        for name, region, used, quota in quotas(plan.after)
        if name in touched
    ]
    return said


def by_hand(plan: Plan) -> list[str]:
    """What somebody changed on the management cluster, and what becomes of it."""
    said = []
    for each in plan.live.edits if plan.live else ():
        if not each.field:
            said.append(f"{each.what} is not there: Flux makes it again")
            continue
        whose = f" by {each.by}" if each.by else ""
        becomes = f"Flux sets it to {each.asked}" if each.reverted else "Flux leaves it"
        said.append(f"{each.what}: {each.field} is {each.live}{whose}: {becomes}")
    return said


def untried(plan: Plan) -> str:
    """What the management cluster could not be asked about; empty where there is none."""
    some = plan.live.untried if plan.live else ()
    return f"Not tried, since its namespace or kind comes with the same merge: {names(list(some))}" if some else ""
