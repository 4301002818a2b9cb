"""A plan: what merging a branch of the fleet repository does, with both sides rendered as Flux would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from external.command import CommandFailed, ExternalError
from fleet.clone import Clone
from fleet.plan import comparison, others, prices, reading, refusals
from fleet.plan.azure import APPROVED_BY, Fleet
from fleet.plan.changes import Change
from fleet.plan.live import Live, ManagementCluster
from fleet.plan.others import Other
from fleet.plan.prices import Prices
from fleet.plan.refusal import Refusal
from fleet.rendering import PLACEHOLDERS, Failure, Item, Refused, checkout, render

_IDENTITY: Final = ("-c", "user.name=fleet plan", "-c", "user.email=plan@localhost")


@dataclass(frozen=True)
class Plan:
    """What a merge does.

    Attributes:
        base, head: as they were named.
        prices: None where the repository has none.
        live: what the management cluster says; None where it was not asked.
    """

    base: str
    head: str
    before: Fleet
    after: Fleet
    changes: tuple[Change, ...]
    others: tuple[Other, ...]
    refusals: tuple[Refusal, ...]
    prices: Prices | None
    live: Live | None = None


def make(
    folder: Path, base: str, head: str, now: datetime | None = None, cluster: ManagementCluster | None = None
) -> Plan:
    """Plan the merge of `head` into `base`, both as they are committed.

    Args:
        cluster: to ask it as well, and to take from it what only it knows.

    Raises:
        ExternalError: the folder is no clone, it has no such commit, or the two do not merge.
    """
    clone = Clone.at(folder)
    merged = _merge(clone, base, head)
    values = cluster.values() if cluster else PLACEHOLDERS
    known = tuple((name, tuple(data.items())) for name, data in values.items())
    old = _side(clone.root, clone.git("rev-parse", f"{base}^{{commit}}").strip(), known)
    new = _side(clone.root, merged, known)
    before, after, broken = old.fleet, new.fleet, tuple(_broken(old, new))
    # What does not render seems to be gone, which it is not.
    lost = {each.directory for each in new.failures}
    changed = tuple(each for each in comparison.compare(before, after) if each.cluster.directory not in lost)

    def approved_on_the_way(directory: str) -> bool:
        return bool(clone.git("log", "--format=%h", f"-G{APPROVED_BY}", f"{base}..{head}", "--", directory).strip())

    files = clone.git("diff", "--name-only", "--no-renames", base, merged, "--", *others.ON_CLUSTERS).splitlines()
    beside = others.find(before, after, files)
    found = refusals.find(before, after, changed, now or datetime.now(UTC), approved_on_the_way)
    live = cluster.ask(old.items, new.items) if cluster else None
    denied = tuple(_denied(live)) if live else ()
    return Plan(base, head, before, after, changed, beside, broken + found + denied, new.prices, live)


@dataclass(frozen=True)
class _Side:
    """A commit, rendered."""

    items: tuple[Item, ...]
    fleet: Fleet
    failures: tuple[Failure, ...]
    refused: tuple[Refused, ...]
    prices: Prices | None


@lru_cache(maxsize=4)
def _side(root: Path, commit: str, values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> _Side:
    with checkout(root, commit) as copy:
        rendered = render(copy, {name: dict(data) for name, data in values}, on_clusters=False)
        found, items = reading.read(rendered), tuple(rendered.items)
        return _Side(items, found, tuple(rendered.failures), copy.refused, prices.read(copy.root))


def _merge(clone: Clone, base: str, head: str) -> str:
    """A commit with what `base` becomes; it is on no branch."""
    for name in (base, head):
        try:
            clone.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except CommandFailed:
            raise ExternalError(
                f"{clone.root} has no commit {name}: `git fetch` it, or name it by --base or --head"
            ) from None
    try:
        tree = clone.git("merge-tree", "--write-tree", base, head).strip()
    except CommandFailed as error:
        if "CONFLICT" in error.output:
            raise ExternalError(f"{head} does not merge into {base} without conflicts: rebase it first") from None
        raise ExternalError(f"{head} cannot be merged into {base}: this needs git 2.38 or later: {error}") from None
    return clone.git(*_IDENTITY, "commit-tree", tree, "-p", base, "-p", head, "-m", "What is planned").strip()


def _denied(live: Live) -> Iterator[Refusal]:
    for each in live.denials:
        mend = "do as it says: what the fleet's own policies demand is told in policies/"
        yield Refusal("refused-by-the-cluster", f"{each.what}: {each.why}", mend)


def _broken(old: _Side, new: _Side) -> Iterator[Refusal]:
    known = {(each.directory, each.message) for each in old.failures}
    for failure in new.failures:
        if (failure.directory, failure.message) not in known:
            what = f"{failure.directory} does not render: {failure.message}"
            yield Refusal("does-not-render", what, "Flux would refuse it as well: python -m fleet validate says where")
    for refused in new.refused:
        yield Refusal("not-a-plain-file", f"{refused.file} {refused.why}", "a fleet repository has plain files only")
