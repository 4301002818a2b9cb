"""What a run of Pulumi says, as the comment on a pull request: what Azure will do, in the words of this product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fleet.status.unmanaged import WHAT_TO_DO
from pipelines.outcome import Change, Outcome, Violation
from pipelines.unmanaged import NOTHING, Unmanaged

VERBS = {
    "create": "create",
    "update": "update",
    "replace": "**replace**",
    "delete": "**delete**",
}
ORDER = ("delete", "replace", "update", "create")
FOUND = {"update": "changed by hand", "delete": "**gone**", "create": "there again"}
"""The same words of a refresh: what it found."""

SHOWN = 60
"""Rows of the table of changes; of more, the number. Comments have a limit of 65536 characters on GitHub."""

UNREACHABLE = ("does not answer", "cannot be reached", "unreachable", "not compared")
"""How errors say that something was not there to be compared with."""


def marker(title: str, stack: str) -> str:
    """The invisible first line by which our comment is found again."""
    return f"<!-- slipway: {title} of {stack} -->"


def preview(outcome: Outcome) -> str:
    """The comment for a preview."""
    changes = outcome.changes
    lines = [
        marker("preview", outcome.stack),
        f"## `pulumi preview` of `{outcome.stack}`: {_headline(outcome, changes)}",
    ]
    lines += _policies(outcome.violations)
    lines += _section("Errors", outcome.errors) if outcome.failed else []
    lines += _section("In words", [note for note in outcome.notes if not _unreachable(note)])
    lines += _section("Not compared", _not_compared([*outcome.notes, *outcome.warnings]))
    lines += _section("Warnings", [text for text in outcome.warnings if not _unreachable(text)])
    lines += list(_table(changes, VERBS))
    return "\n".join([*lines, ""])


def findings(outcome: Outcome, unmanaged: Unmanaged = NOTHING) -> list[str]:
    """What a night found, in a few words each; nothing where all is as it should be."""
    if outcome.failed:
        return ["could not be compared"]
    away = len(outcome.out_of_reach) + len(_not_compared(outcome.notes))
    said = [_counted(len(outcome.compared), "differs", "differ")] if outcome.compared else []
    said += [_counted(away, "could not be compared", "could not be compared")] if away else []
    said += [_clusters(len(unmanaged.ids))] if unmanaged.ids else []
    return said + (["Azure's clusters could not be compared"] if unmanaged.unasked else [])


def drift(outcome: Outcome, unmanaged: Unmanaged = NOTHING) -> str:
    """The message of a night in which something was not as it should be."""
    changes, away = outcome.compared, [f"`{each.name}`: the cluster does not answer" for each in outcome.out_of_reach]
    state = ", ".join(findings(outcome, unmanaged)) or "no drift"
    lines = [marker("drift", outcome.stack), f"## Drift of `{outcome.stack}`: {state}"]
    lines += _section("Errors", outcome.errors) if outcome.failed else []
    unasked = [f"Clusters in Azure with the fleet: {unmanaged.unasked}"] if unmanaged.unasked else []
    lines += _section("Not compared", [*away, *_not_compared([*outcome.notes, *outcome.warnings]), *unasked])
    lines += _section("Clusters that nothing manages", [f"`{each}` {WHAT_TO_DO}" for each in unmanaged.ids])
    lines += list(_table(changes, FOUND))
    if changes:
        lines += ["", "`pulumi up` puts back what the program says; `pulumi refresh` accepts what is there."]
    return "\n".join([*lines, ""])


def _counted(number: int, one: str, more: str) -> str:
    return f"1 resource {one}" if number == 1 else f"{number} resources {more}"


def _clusters(number: int) -> str:
    return "1 cluster that nothing manages" if number == 1 else f"{number} clusters that nothing manages"


def _headline(outcome: Outcome, changes: Sequence[Change]) -> str:
    if any(violation.mandatory for violation in outcome.violations):
        return "refused by policy"
    if outcome.failed:
        return "failed"
    counted = Counter(each.operation for each in changes)
    said = [f"{counted[operation]} to {operation}" for operation in ORDER if counted[operation]]
    return ", ".join(said) or "no changes"


def _policies(violations: Sequence[Violation]) -> list[str]:
    if not violations:
        return []
    ordered = sorted(violations, key=lambda each: (not each.mandatory, each.rule))
    rows = [
        f"| {'**mandatory**' if each.mandatory else 'advisory'} | `{each.rule}` | {_cell(each.message)} |"
        for each in ordered
    ]
    return ["", "### Policies", "", "| Level | Policy | |", "|---|---|---|", *rows]


def _section(title: str, texts: Iterable[str]) -> list[str]:
    items = [f"- {_item(text)}" for text in texts]
    return ["", f"### {title}", "", *items] if items else []


def _table(changes: Sequence[Change], verbs: Mapping[str, str]) -> Iterator[str]:
    if not changes:
        return
    yield from (
        "",
        "<details><summary>All changes</summary>",
        "",
        "| | Resource | Kind | What changes |",
        "|---|---|---|---|",
    )
    ordered = sorted(changes, key=lambda each: ORDER.index(each.operation) if each.operation in ORDER else len(ORDER))
    for each in ordered[:SHOWN]:
        what = _cell("<br>".join(each.properties)) if each.operation != "create" else ""
        verb, kind = verbs.get(each.operation, each.operation), each.kind.rpartition(":")[2]
        yield f"| {verb} | `{each.name}` | {kind} | {what} |"
    if len(ordered) > SHOWN:
        yield f"| | and {len(ordered) - SHOWN} more | | |"
    yield from ("", "</details>")


def _not_compared(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if _unreachable(text)]


def _unreachable(text: str) -> bool:
    return any(sign in text for sign in UNREACHABLE)


def _item(text: str) -> str:
    """A text of several lines as one item: the lines after the first are code."""
    first, *rest = text.splitlines()
    return first if not rest else "\n".join([first, "", "  ```diff", *(f"  {line.strip()}" for line in rest), "  ```"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
