"""What one run of Pulumi told by its events: changes, violations, and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation.events import EngineEvent, StepEventMetadata

SHUT_DOWN = "resource monitor shut down"
"""What the program's own process says when the engine stops it, which explains nothing."""

DELETED_FROM_STATE = "cluster is unreachable and the `deleteUnreachable` option"
"""What the Kubernetes provider says of an object that it takes for lost, since nothing answers."""

CHANGES = ("create", "update", "replace", "delete")
GROUPINGS = ("pulumi:", "slipway:")
"""Types that are nothing outside of Pulumi: the stack, providers, our components."""


@dataclass(frozen=True)
class Change:
    """One resource that is changed.

    Attributes:
        operation: Pulumi's word: create, update, replace, delete …
        kind: Pulumi's type token.
        properties: what changes in it, as "path: before → after" where both are short and no secrets.
    """

    operation: str
    kind: str
    name: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    """What a policy said."""

    rule: str
    mandatory: bool
    message: str


@dataclass
class Outcome:
    """All that one run of Pulumi told."""

    stack: str
    failed: bool = False
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    out_of_reach: list[Change] = field(default_factory=list)

    @property
    def compared(self) -> list[Change]:
        """The changes without those that a refresh only seems to have found, of what it did not reach."""
        away = {(each.kind, each.name) for each in self.out_of_reach}
        return [each for each in self.changes if (each.kind, each.name) not in away]

    def event(self, event: EngineEvent) -> None:
        """Keep what matters of an event."""
        # A refresh tells only afterwards what it found.
        if step := event.resource_pre_event or event.res_outputs_event:
            self._step(step.metadata)
        if said := event.policy_event:
            violation = Violation(said.policy_name, said.enforcement_level == "mandatory", plain(said.message))
            if violation not in self.violations:
                self.violations.append(violation)
        if (said_of := event.diagnostic_event) and not said_of.ephemeral:
            kept = {"info": self.notes, "warning": self.warnings, "error": self.errors}.get(said_of.severity)
            message = plain(said_of.message)
            if DELETED_FROM_STATE in message and said_of.urn:
                self.out_of_reach.append(Change("read", _kind(said_of.urn), _name(said_of.urn)))
                return
            if kept is not None and message and message not in kept and SHUT_DOWN not in message:
                kept.append(message)

    def _step(self, step: StepEventMetadata) -> None:
        if step.type == "pulumi:pulumi:Stack":
            self.notes += [note for note in _upgrades(step) if note not in self.notes]
        change = _change(step)
        is_one = step.op.value in CHANGES and not step.type.startswith(GROUPINGS)
        if is_one and change not in self.changes:
            self.changes.append(change)


def _change(step: StepEventMetadata) -> Change:
    before = (step.old.inputs if step.old else None) or {}
    after = (step.new.inputs if step.new else None) or {}
    paths = sorted(step.detailed_diff or {}) or sorted(step.diffs or [])
    properties = tuple(_difference(path, before, after) for path in paths)
    return Change(step.op.value, step.type, _name(step.urn), properties)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _kind(urn: str) -> str:
    """https://www.pulumi.com/docs/iac/concepts/resources/names/#urns"""
    return urn.split("::")[2].rpartition("$")[2]


def _upgrades(step: StepEventMetadata) -> list[str]:
    """What the stack's output `versions` says of releases that change: "flux: v2.9.4 → v2.9.5"."""
    before = _flat(((step.old and step.old.outputs) or {}).get("versions"))
    after = _flat(((step.new and step.new.outputs) or {}).get("versions"))
    return [
        f"{name}: {before[name]} → {after[name]}"
        for name in sorted({*before, *after})
        if before.get(name) and after.get(name) and before[name] != after[name]
    ]


def _flat(versions: Any) -> dict[str, str]:
    if not isinstance(versions, Mapping):
        return {}
    inner = versions.get("providers")
    both = {**versions, **(inner if isinstance(inner, Mapping) else {})}
    return {name: version for name, version in both.items() if isinstance(version, str)}


def _difference(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = before.get(path), after.get(path)
    short = all(isinstance(value, (str, int, bool)) and len(str(value)) < 40 for value in (old, new))
    return f"{path}: {old} → {new}" if short and old != new else path


def plain(text: str) -> str:
    """Without the engine's mark-up for colours."""
    for mark in ("<{%reset%}>", "<{%bold%}>", "<{%fg 1%}>", "<{%fg 3%}>"):
        text = text.replace(mark, "")
    return text.strip()
