"""A plan in words, the same in the terminal and in a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fleet.plan.changes import Change, Kind
from fleet.plan.limits import LIMIT, quotas
from fleet.plan.plan import Plan
from fleet.plan.rules import Effect
from fleet.plan.sentences import sentences

NAMED: Final = 5
"""Clusters of one row that are named; of more, the number."""


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


def signed(number: float | None) -> str:
    """A difference; nothing where there is none."""
    return f"{number:+.0f}" if number else ""


def names(found: list[str]) -> str:
    """Some of them, and how many more there are."""
    shown = ", ".join(found[:NAMED])
    return f"{shown} and {len(found) - NAMED} more" if len(found) > NAMED else shown


def waves(plan: Plan, environment: str) -> str:
    """In which order a new release reaches an environment's clusters; empty where it reaches them all at once."""
    before, after = (side.values.get(environment, {}).get("release") for side in (plan.before, plan.after))
    said = []
    for wave in plan.after.waves:
        touched = [each.cluster for each in plan.changes if each.kind is Kind.CHANGED]
        found = [each.name for each in touched if (each.environment, each.ring) == (environment, wave.ring)]
        if wave.environment == environment and found:
            said.append(f"{wave.ring}: {names(found)}")
    return f"first {', then '.join(said)}" if before != after and len(said) > 1 else ""


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
