"""Why a pull request must not be merged as it is, and the way to do it right; for good reasons only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from fleet.plan import limits
from fleet.plan.azure import APPROVED_BY, APPROVED_UNTIL, Cluster, Fleet
from fleet.plan.changes import Change, Kind, Property
from fleet.plan.refusal import Refusal, names
from fleet.plan.rules import Effect

_APPROVE: Final = f"set {APPROVED_BY} (who) and {APPROVED_UNTIL} (a time) on the Cluster in a pull request of its own"


def find(
    before: Fleet,
    after: Fleet,
    changes: tuple[Change, ...],
    now: datetime,
    approved_on_the_way: Callable[[str], bool],
) -> tuple[Refusal, ...]:
    """All reasons.

    Args:
        approved_on_the_way: whether a commit of the pull request itself approves the deletion of the cluster in a
            directory.
    """
    return (
        *_deletions(changes, now, approved_on_the_way),
        *_waves(before, after, changes),
        *_versions(changes),
        *_immutable(changes),
        *_pools(changes),
        *limits.find(before, after),
    )


def _deletions(changes: tuple[Change, ...], now: datetime, on_the_way: Callable[[str], bool]) -> Iterator[Refusal]:
    for change in changes:
        cluster = change.cluster
        if change.kind is Kind.LEFT:
            what = (
                f"{cluster.directory} is removed, but the deletion of {cluster.name} is not approved on the base branch"
            )
            if on_the_way(cluster.directory):
                yield Refusal(
                    "approval-first",
                    f"{what}: this pull request both approves it and removes it",
                    "merge the approval first, in a pull request of its own, then this one",
                )
            else:
                mend = f"put the directory back and {_APPROVE}; remove the directory in the next"
                yield Refusal("deletion-not-approved", f"{what}; it would live on without being looked after", mend)
        elif change.kind in (Kind.DELETED, Kind.REPLACED) and change.before and not _in_time(change.before, now):
            until = change.before.approval[1]
            yield Refusal(
                "approval-expired",
                f"the approval to delete {change.before.name} {f'ended at {until}' if until else 'has no end'}",
                f"merge a later {APPROVED_UNTIL}, such as 2030-01-31T18:00:00Z, then this",
            )


def _in_time(cluster: Cluster, now: datetime) -> bool:
    try:
        until = datetime.fromisoformat(cluster.approval[1])
    except ValueError:
        return False
    return until.replace(tzinfo=until.tzinfo or UTC) > now


def _waves(before: Fleet, after: Fleet, changes: tuple[Change, ...]) -> Iterator[Refusal]:
    released = [
        name
        for name in after.environments
        if name in before.values and before.values[name]["release"] != after.values[name]["release"]
    ]
    if len(released) > 1:
        yield Refusal(
            "one-environment-at-a-time",
            f"the releases of {names(released)} change at once",
            f"change {released[0]} first, see that it is well, then promote: "
            f"python -m fleet promote {released[0]} {released[1]}",
        )
        return
    edited: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        name = change.cluster.class_name
        same = change.before and change.before.class_name == name
        if same and change.writes and _class(before, name) != _class(after, name):
            edited[name].add(change.cluster.environment)
    for name, environments in edited.items():
        if len(environments) > 1:
            yield Refusal(
                "class-edited",
                f"the class {name} is edited, which changes clusters of {names(sorted(environments))} at once",
                "copy the class to its next version, and let environments follow by class_version, one after the other",
            )


def _class(side: Fleet, name: str) -> object:
    item = side.others.get(f"ClusterClass clusters/{name}")
    return item.object if item else None


def _versions(changes: tuple[Change, ...]) -> Iterator[Refusal]:
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for change in changes:
        if change.before and change.after and change.before.name == change.after.name:
            old, new = _version(change.before.version), _version(change.after.version)
            if old and new and (new < old or new[:2] > (old[0], old[1] + 1)):
                key = (change.after.environment, change.before.version, change.after.version)
                found[key].append(change.after.name)
    for (environment, before, after), clusters in found.items():
        where = f"Kubernetes of {names(clusters)} in {environment} would go from {before} to {after}"
        if _version(after) < _version(before):
            yield Refusal(
                "downgrade",
                f"{where}: it cannot go back",
                f"keep {before}; for an older one make another cluster, and move",
                "https://learn.microsoft.com/azure/aks/upgrade-aks-cluster",
            )
        else:
            yield Refusal(
                "skipped-version",
                f"{where}: a minor version cannot be skipped",
                "go to the next minor version first, and merge again",
                "https://learn.microsoft.com/azure/aks/upgrade-aks-cluster",
            )


def _version(text: str) -> tuple[int, ...]:
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _immutable(changes: tuple[Change, ...]) -> Iterator[Refusal]:
    found: dict[tuple[str, str, str], list[tuple[Change, Property]]] = defaultdict(list)
    for change in changes:
        for each in change.properties:
            if each.rule.effect is Effect.REFUSED:
                found[(each.name, str(each.before), str(each.after))].append((change, each))
    for (name, old, new), pairs in found.items():
        where = [each.resource.path for _, each in pairs]
        rule = pairs[0][1].rule
        yield Refusal(
            "immutable", f"{name} of {names(where)} from {old} to {new}: Azure refuses", rule.why, rule.source
        )


def _pools(changes: tuple[Change, ...]) -> Iterator[Refusal]:
    for change in changes:
        for pool in change.kept:
            yield Refusal(
                "pool-deletion-not-approved",
                f"the pool {pool.name} of {change.cluster.name} is left out, but its removal is not approved on the "
                "base branch; the fleet's policy would keep it, and the Cluster would not be reconciled",
                f"put it back with metadata: {{annotations: {{{APPROVED_BY}: <who>}}}}, merge, then remove it",
            )
