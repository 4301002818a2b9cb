"""A plan as one comment of a pull request: the blast radius first, a table an environment, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fleet.plan import words
from fleet.plan.plan import Plan
from fleet.plan.rules import Effect

MARKER: Final = "<!-- slipway-fleet-plan -->"
"""First line of the comment: by it, CI finds the one to update."""

LONGEST: Final = 60_000
"""Characters; GitHub takes 65536: https://github.com/orgs/community/discussions/41331"""

_SIGNS: Final = {Effect.IN_PLACE: "🟢", Effect.ROLLING: "🟡", Effect.DISRUPTIVE: "🔴", Effect.REFUSED: "⛔"}


def write(plan: Plan) -> str:
    """The comment."""
    sign = "⛔" if plan.refusals else "⚠️" if any(each.grave for each in plan.others) else "✅"
    head = "\n".join([MARKER, f"### {sign} {_text(words.headline(plan))}", "", *_refusals(plan)])
    body = [*_tables(plan), *_others(plan), *_live(plan), *_details(plan)]
    while len(head) + sum(len(each) + 1 for each in body) > LONGEST:
        body.pop()
        if not body or body[-1] != _CUT:
            body[-1:] = [_CUT]
    return "\n".join([head, *body]).rstrip() + "\n"


_CUT: Final = "\nMore does not fit into a comment: `python -m fleet plan` shows all of it."


def _refusals(plan: Plan) -> Iterator[str]:
    if plan.refusals:
        yield "> [!CAUTION]"
        yield "> **Not to be merged as it is:**"
        for each in plan.refusals:
            source = f" ([why]({each.source}))" if each.source else ""
            yield f"> - {_text(each.what)}. **Instead:** {_text(each.mend)}{source}"
        yield ""


def _tables(plan: Plan) -> Iterator[str]:
    rows = words.rows(plan)
    capacity = words.capacity(plan)
    for environment in dict.fromkeys(row.environment for row in rows):
        money = f" {plan.prices.currency} a month |" if plan.prices else ""
        yield f"**{_text(environment)}**" + "".join(
            f" · {_text(line.partition(': ')[2])}" for line in capacity if line.startswith(f"{environment}: ")
        )
        if order := words.waves(plan, environment):
            yield f"\nThe release goes by waves: {_text(order)}."
        yield f"\n| cluster | what happens | in Azure | nodes | cores |{money}"
        yield f"|---|---|---|--:|--:|{'--:|' if money else ''}"
        for row in rows:
            if row.environment == environment:
                grown = f"{words.signed(row.nodes)} | {words.signed(row.cores)}"
                what = "<br>".join(map(_text, row.what))
                cost = f" {words.signed(row.month)} |" if row.month is not None else ""
                effect = f"{_SIGNS[row.effect]} {row.kind}" + (
                    f", {row.effect}" if row.effect is not Effect.IN_PLACE else ""
                )
                yield f"| {_text(row.clusters)} | {effect} | {what} | {grown} |{cost}"
        yield ""
    if missing := words.unpriced(plan):
        yield f"Without a price in `prices.yaml`: {_text(', '.join(missing))}.\n"


def _others(plan: Plan) -> Iterator[str]:
    if plan.others:
        yield "| beside clusters | what | how |"
        yield "|---|---|---|"
        for each in plan.others:
            sign = "⚠️ " if each.grave else ""
            yield f"| {_text(each.where)} | {_text(each.what)} | {sign}{_text(each.how)} |"
        yield ""


def _live(plan: Plan) -> Iterator[str]:
    if said := words.by_hand(plan):
        yield "**Changed by hand on the management cluster**\n"
        yield from (f"- {_text(each)}" for each in said)
        yield ""
    if untried := words.untried(plan):
        yield f"{_text(untried)}.\n"


def _details(plan: Plan) -> Iterator[str]:
    writes = [(change, write) for change in plan.changes for write in change.writes]
    if writes:
        noun = "request" if len(writes) == 1 else "requests"
        yield f"<details><summary>{len(writes)} {noun} to Azure</summary>\n\n| | resource | sets |\n|---|---|---|"
        for _, write in writes:
            sets = ", ".join(f"{name}={_plain(value)}" for name, value in sorted(write.sets.items()))
            yield f"| {write.method} | {_text(write.path)} | {_text(sets)} |"
        yield "\n</details>"


def _plain(value: object) -> str:
    """As in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: str) -> str:
    """What a request says is text here: no markup, no mention, no link of anybody's."""
    escaped = re.sub(r"([\\`*_\[\]<>|~#!])", r"\\\1", " ".join(value.split()))
    return re.sub(r"@(?=\w)", "@\u200b", escaped).replace("://", ":\u200b//")
