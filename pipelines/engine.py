"""Runs Pulumi on a stack, shows what it prints as it prints it, and keeps what its events say."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent, StepEventMetadata

from external.command import ExternalError
from management_cluster.teardown import CHOICE, SETTING

PACK = Path(__file__).parent.parent / "policies" / "program"
HERE = Path()
"""The pipelines' steps run in the project's folder."""

PROFILE_KEY = "policy:profile"
"""A stack's config: the file in policies/program/profiles that relaxes rules for it. Without, all are mandatory."""

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
            violation = Violation(said.policy_name, said.enforcement_level == "mandatory", _plain(said.message))
            if violation not in self.violations:
                self.violations.append(violation)
        if (said_of := event.diagnostic_event) and not said_of.ephemeral:
            kept = {"info": self.notes, "warning": self.warnings, "error": self.errors}.get(said_of.severity)
            message = _plain(said_of.message)
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


class Stack:
    """One stack of this project.

    Raises:
        ExternalError: there is no such stack, or its profile does not exist.
    """

    def __init__(self, name: str, project: Path = HERE) -> None:
        self.name = name
        try:
            self._stack = automation.select_stack(name, work_dir=str(project.resolve()))
            self.config: Mapping[str, Any] = self._stack.get_all_config()
        except automation.StackNotFoundError:
            raise ExternalError(f"there is no stack {name}: `pulumi stack ls` lists them") from None
        except automation.CommandError as error:
            raise ExternalError(f"the stack {name} cannot be opened: {_plain(str(error))}") from None

    def setting(self, key: str) -> str:
        """A config value by its full key; empty when it is not set."""
        found = self.config.get(key)
        return str(found.value) if found else ""

    def output(self, name: str) -> str:
        """An output's value, also a secret one; empty where the stack has none of that name."""
        found = self._stack.outputs().get(name)
        return str(found.value) if found else ""

    def preview(self) -> Outcome:
        """Preview with the policy pack; changes nothing."""
        return self._run(self._stack.preview, **self._policies())

    def up(self) -> Outcome:
        """Update, unless a mandatory policy is violated."""
        return self._run(self._stack.up, suppress_outputs=True, **self._policies())

    def drift(self) -> Outcome:
        """Compare the state with what is there; changes nothing."""
        return self._run(self._stack.preview_refresh)

    def destroy(self, *, teardown: str) -> Outcome:
        """Delete all that the stack made; protected resources stay.

        Args:
            teardown: what becomes of its fleet (refuse, drain, detach), where neither its own file nor the environment
                says.
        """
        workspace = self._stack.workspace
        # Not `self.config`, which has the project's defaults in it.
        if CHOICE not in os.environ and SETTING not in (workspace.stack_settings(self.name).config or {}):
            workspace.env_vars = {**workspace.env_vars, CHOICE: teardown}
        return self._run(self._stack.destroy)

    def _policies(self) -> dict[str, list[str]]:
        if not (profile := self.setting(PROFILE_KEY)):
            return {"policy_packs": [str(PACK)]}
        file = PACK / "profiles" / f"{profile}.json"
        if not file.is_file():
            there = ", ".join(sorted(each.stem for each in file.parent.glob("*.json")))
            raise ExternalError(f"{PROFILE_KEY} of {self.name} is {profile}, but there are only {there}")
        return {"policy_packs": [str(PACK)], "policy_pack_configs": [str(file)]}

    def _run(self, command: Callable[..., Any], **arguments: Any) -> Outcome:
        outcome = Outcome(self.name)
        try:
            command(on_event=outcome.event, on_output=print, color="never", **arguments)
        except automation.CommandError as error:
            outcome.failed = True
            if not outcome.errors and not outcome.violations:
                outcome.errors.append(_plain(str(error)))
        return outcome


def stacks(project: Path = HERE) -> list[str]:
    """The names of all stacks of this project."""
    return [each.name for each in automation.LocalWorkspace(work_dir=str(project.resolve())).list_stacks()]


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


def _plain(text: str) -> str:
    """Without the engine's mark-up for colours."""
    for mark in ("<{%reset%}>", "<{%bold%}>", "<{%fg 1%}>", "<{%fg 3%}>"):
        text = text.replace(mark, "")
    return text.strip()
