"""Shows a fleet's status: a table for people, JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fleet.status.health import Applied, ClusterStatus, FleetStatus, Health
from fleet.status.problems import short
from fleet.status.waves import WaveStatus

STYLES: Final = {
    Health.READY: "green",
    Health.CHANGING: "yellow",
    Health.FAILING: "red",
    Health.PAUSED: "magenta",
    Health.DELETING: "magenta",
}


def show(status: FleetStatus, console: Console, now: datetime) -> None:
    """Print the table; below it the waves and, in words, what is not ready; and one line that sums up."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in (
        "cluster",
        "environment",
        "ring",
        "class",
        "Kubernetes",
        "pools",
        "state",
        "agent",
        "revision",
        "age",
    ):
        table.add_column(column, no_wrap=True)
    for cluster in status.clusters:
        table.add_row(*_row(cluster, now))
    if status.clusters:
        console.print(table)
    if status.waves:
        console.print(_waves(status.waves))
    for trouble in status.troubles:
        console.print(f"[{STYLES[trouble.health]}]{escape(trouble.name)}[/]: {escape(trouble.why)}", soft_wrap=True)
    for cluster in status.clusters:
        if cluster.health is not Health.READY:
            why = cluster.why[0] if cluster.why else "no reason is given"
            console.print(f"[{STYLES[cluster.health]}]{escape(cluster.name)}[/]: {escape(why)}", soft_wrap=True)
    console.print(summary(status))


def summary(status: FleetStatus) -> str:
    """One line: how many clusters are how, and what Flux last fetched of the fleet repository."""
    counts = Counter(cluster.health for cluster in status.clusters)
    noun = "cluster" if len(status.clusters) == 1 else "clusters"
    parts = [f"{counts[health]} {health}" for health in Health if counts[health]]
    fetched = f"fleet repository at {short(status.revision)}" if status.revision else "no fleet repository"
    return f"{len(status.clusters)} {noun}" + (f": {', '.join(parts)}" if parts else "") + f"; {fetched}"


def as_json(status: FleetStatus) -> dict[str, Any]:
    """The whole status; times are ISO 8601, revisions as Flux writes them."""
    clusters = [{**asdict(each), "created": each.created.isoformat()} for each in status.clusters]
    troubles = [asdict(each) for each in status.troubles]
    waves = [asdict(each) for each in status.waves]
    return {
        "ready": status.ready,
        "revision": status.revision,
        "clusters": clusters,
        "waves": waves,
        "troubles": troubles,
    }


def _waves(waves: tuple[WaveStatus, ...]) -> Table:
    """What each wave has of a release, and what it waits for."""
    keys = list(dict.fromkeys(key for each in waves for key in (*each.release, *each.coming)))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("wave", *(key.removesuffix("_version").replace("_", " ") for key in keys), "goes on"):
        table.add_column(escape(column))
    for each in waves:
        values = [_change(each.release.get(key, "none"), each.coming.get(key, "")) for key in keys]
        table.add_row(each.name, *map(escape, values), escape(each.why or "yes"))
    return table


def _row(cluster: ClusterStatus, now: datetime) -> tuple[str, ...]:
    created = cluster.phase not in ("", "Provisioned") and cluster.phase != cluster.health
    state = f"{cluster.health} ({cluster.phase})" if created else str(cluster.health)
    pools = [
        f"{pool.name} {pool.ready}/{pool.desired}"
        + (f" ({pool.version})" if pool.version != cluster.desired_version else "")
        for pool in cluster.pools
    ]
    return (
        escape(cluster.name),
        cluster.environment or "-",
        cluster.ring or "-",
        cluster.cluster_class or "-",
        _change(cluster.actual_version or "none", cluster.desired_version),
        ", ".join(pools) or "-",
        f"[{STYLES[cluster.health]}]{state}[/]",
        _applied(cluster.agent),
        _applied(cluster.revision),
        age(now - cluster.created),
    )


def _applied(revisions: Applied) -> str:
    if not revisions.applied and not revisions.source:
        return "-"
    return _change(short(revisions.applied), short(revisions.source or revisions.applied))


def _change(now: str, then: str) -> str:
    return now if now == then or not then else f"{now} → {then}"


def age(passed: timedelta) -> str:
    """How long, in its largest unit: 45s, 12m, 5h, 3d."""
    seconds = int(passed.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"
