"""Promotion: one environment's release.yaml becomes the next one's, as a commit on a branch, for a pull request.

The file is the same in every environment (Flux's objects get the environment's name from settings.yaml), so it is
copied as it is. Only a value in which a team wrote each environment's own name, such as a branch, stays.
The order of promotion is the order of the environments in management/waves.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from external.command import CommandFailed, ExternalError, require
from fleet import waves
from fleet.clone import Clone
from management_cluster.semver import newer

SHOWN: Final = 8
"""Clusters that are named; of more, the number."""

EFFECTS: Final = {
    "kubernetes_version": "Kubernetes upgrade, node by node",
    "class_version": "rebased onto this version of their class",
    "agent_version": "new Flux agent",
    "workloads_ref": "the agents pull this from Git",
}
"""What a value of release.yaml does to a cluster."""


@dataclass(frozen=True)
class Change:
    """One value; None where the file has none."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Plan:
    """A promotion that can be committed.

    Attributes:
        root: the clone's top folder.
        release: the source's values.
        path: of the file that is written, in the clone.
        text: its new content.
        clusters: the target's clusters, all of which it touches, by ring in the order in which it reaches them.
    """

    root: Path
    source: str
    target: str
    release: Mapping[str, str]
    path: str
    text: str
    changes: tuple[Change, ...]
    clusters: Mapping[str, tuple[str, ...]]


def plan(folder: Path, source: str, target: str) -> Plan:
    """What promoting `source` to `target` changes, from what is committed in a clone of the fleet repository.

    Raises:
        ExternalError: the folder is no clone of a fleet repository, it has changes or is behind, `target` does not
            follow `source`, or there is nothing to promote.
    """
    require("git", "https://git-scm.com/downloads")
    clone = Clone.at(folder)
    order = waves.read(clone.text(waves.FILE))
    _check_order(list(waves.environments(order)), source, target)
    clone.check_clean()
    path = _release(target)
    before, new = clone.text(path), clone.text(_release(source))
    old_values, new_values = _values(path, before), _values(_release(source), new)
    own = {
        key: value
        for key, value in old_values.items()
        if value != new_values.get(key) and value == _renamed(new_values.get(key, ""), source, target)
    }
    text = _with_own(_release(source), new, own)
    values = _values(path, text)
    keys = sorted({*old_values, *values})
    changes = tuple(
        Change(key, old_values.get(key), values.get(key)) for key in keys if old_values.get(key) != values.get(key)
    )
    if text == before:
        raise ExternalError(f"nothing to promote: {target} has the release of {source} already")
    clusters = {each.ring: clone.folders(each.directory) for each in order if each.environment == target}
    return Plan(clone.root, source, target, new_values, path, text, changes, clusters)


def commit(plan: Plan) -> str:
    """Commit a plan on a new branch, which the clone then is on; where that fails, the clone is as it was.

    Returns:
        The branch's name.

    Raises:
        ExternalError: the branch exists already, or git refuses the commit.
    """
    clone = Clone(plan.root)
    branch = f"promote-{plan.source}-to-{plan.target}-{clone.id_of(plan.text)[:7]}"
    lines = [f"{each.key}: {each.before or 'none'} -> {each.after or 'none'}" for each in plan.changes]
    message = "\n".join([f"Promote {plan.source} to {plan.target}", "", *lines])
    try:
        clone.commit_on_branch(branch, plan.path, plan.text, message)
    except (CommandFailed, OSError) as error:
        raise ExternalError(f"the promotion is not committed, and nothing is changed: {error}") from None
    return branch


def show(plan: Plan, console: Console) -> None:
    """Print which values change, and which clusters they touch."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("value", f"{plan.target} now", f"from {plan.source}", "what it does"):
        table.add_column(column)
    for each in plan.changes:
        effect = EFFECTS.get(each.key, "")
        if each.key == "kubernetes_version" and _goes_back(each):
            effect = "[red]older: Kubernetes does not go back, this will be refused[/red]"
        table.add_row(escape(each.key), escape(each.before or "-"), escape(each.after or "-"), effect)
    if plan.changes:
        console.print(table)
    else:
        console.print("Only comments and layout of the file change, no value.")
    count = sum(map(len, plan.clusters.values()))
    noun = "cluster" if count == 1 else "clusters"
    console.print(f"Touches {count} {noun} of {plan.target}" + (f", {escape(_in_order(plan))}" if count else ""))


def _in_order(plan: Plan) -> str:
    """The clusters, ring after ring."""
    said = []
    for ring, clusters in plan.clusters.items():
        more = f" and {len(clusters) - SHOWN} more" if len(clusters) > SHOWN else ""
        said += [f"{ring}: {', '.join(clusters[:SHOWN])}{more}"] if clusters else []
    return ("first " if len(said) > 1 else "") + "; then ".join(said)


def _goes_back(change: Change) -> bool:
    try:
        return bool(change.before and change.after and newer(change.before, change.after))
    except ValueError:
        return False


def _check_order(order: list[str], source: str, target: str) -> None:
    for name in (source, target):
        if name not in order:
            raise ExternalError(f"there is no environment {name}: {waves.FILE} has {', '.join(order)}")
    after = order[order.index(source) + 1 :]
    if not after:
        raise ExternalError(f"{source} is the last environment: nothing follows it")
    if target != after[0]:
        raise ExternalError(
            f"{source} is promoted to {after[0]}, not to {target}: the order is {' → '.join(order)} ({waves.FILE})"
        )


def _release(environment: str) -> str:
    return f"{waves.ENVIRONMENTS}/{environment}/release.yaml"


def _values(path: str, text: str) -> dict[str, str]:
    data = _parsed(path, text).get("data")
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise ExternalError(f"{path}: `data` has to be a mapping of texts; quote numbers")
    return data


def _parsed(path: str, text: str) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ExternalError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    return parsed if isinstance(parsed, dict) else {}


def _renamed(value: str, source: str, target: str) -> str:
    return re.sub(rf"\b{re.escape(source)}\b", target, value)


def _with_own(path: str, text: str, own: dict[str, str]) -> str:
    """The text with some values replaced in their lines, so that comments and layout stay."""
    expected = {**_values(path, text), **own}
    for key, value in own.items():
        literal = value.replace("\\", "\\\\")
        text = re.sub(rf"(?m)^(\s+{re.escape(key)}:\s+)\S+", rf"\g<1>{literal}", text)
    if _values(path, text) != expected:
        raise ExternalError(f"{path}: cannot keep {', '.join(own)}: write each as `key: value` on a line of its own")
    return text
