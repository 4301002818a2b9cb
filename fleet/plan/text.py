"""A plan in the terminal, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fleet.plan import words
from fleet.plan.plan import Plan
from fleet.plan.rules import Effect
from fleet.plan.sentences import sentences

STYLES: Final = {Effect.IN_PLACE: "green", Effect.ROLLING: "yellow", Effect.DISRUPTIVE: "red", Effect.REFUSED: "red"}


def show(plan: Plan, console: Console) -> None:
    """Print the blast radius, a table, what else changes, and why it must not be merged."""
    console.print(f"[bold]{escape(words.headline(plan))}[/bold]", soft_wrap=True)
    rows = words.rows(plan)
    if rows:
        console.print(_table(plan, rows))
    for other in plan.others:
        console.print(f"{escape(other.where)}: {escape(other.what)}: {escape(other.how)}", soft_wrap=True)
    for name in plan.after.environments:
        if order := words.waves(plan, name):
            console.print(f"{escape(name)}: by waves, {escape(order)}", soft_wrap=True)
    for line in words.capacity(plan):
        console.print(escape(line))
    if missing := words.unpriced(plan):
        console.print(f"without a price in prices.yaml: {escape(', '.join(missing))}")
    for line in (*words.by_hand(plan), words.untried(plan)):
        if line:
            console.print(escape(line), soft_wrap=True)
    for refusal in plan.refusals:
        source = f" ({refusal.source})" if refusal.source else ""
        line = f"[red]{refusal.rule}[/red]: {escape(refusal.what)}.\n  Instead: {escape(refusal.mend)}{escape(source)}"
        console.print(line, soft_wrap=True)


def _table(plan: Plan, rows: list[words.Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    money = [plan.prices.currency] if plan.prices else []
    for column in ("environment", "cluster", "what happens", "in Azure", "effect", "nodes", "cores", *money):
        table.add_column(column, justify="right" if column in ("nodes", "cores", *money) else "left")
    for row in rows:
        table.add_row(
            escape(row.environment),
            escape(row.clusters),
            row.kind,
            escape("\n".join(row.what)),
            f"[{STYLES[row.effect]}]{row.effect}[/]",
            words.signed(row.nodes),
            words.signed(row.cores),
            *([words.signed(row.month)] if row.month is not None else []),
        )
    return table


def as_json(plan: Plan) -> dict[str, Any]:
    """The whole plan; `writes` are the requests that Azure gets."""
    return {
        "base": plan.base,
        "head": plan.head,
        "headline": words.headline(plan),
        "allowed": not plan.refusals,
        "clusters": [
            {
                "name": each.cluster.name,
                "environment": each.cluster.environment,
                "directory": each.cluster.directory,
                "change": each.kind,
                "effect": each.effect,
                "nodes": each.nodes,
                "cores": each.cores,
                "what": list(sentences(each)),
                "writes": [asdict(write) for write in each.writes],
            }
            for each in plan.changes
        ],
        "others": [asdict(each) for each in plan.others],
        "refusals": [asdict(each) for each in plan.refusals],
        "month": words.month(plan, plan.changes),
        "live": asdict(plan.live) if plan.live else None,
    }
