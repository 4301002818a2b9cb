"""The real Pulumi engine, run on small programs: what it planned, what it did, what it said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

Program = Callable[[], None]
PROJECT = "provider-test"


@dataclass
class Run:
    """What one command of the engine did. Resources go by their names in the program, without the stack itself."""

    operations: dict[str, list[str]] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=dict)
    """By resource: property path → kind of change, as `pulumi preview --diff` shows it."""
    planned: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By resource: the outputs it is going to have, or has."""
    outputs: dict[str, automation.OutputValue] = field(default_factory=dict)
    text: str = ""

    @property
    def changed(self) -> dict[str, list[str]]:
        """The operations of the resources that do not stay the same."""
        return {name: operations for name, operations in self.operations.items() if operations != ["same"]}


@dataclass(frozen=True)
class Engine:
    """One stack of one's own."""

    stack_name: str
    environment: dict[str, str]
    folder: Path

    def preview(self, program: Program, **options: Any) -> Run:
        return self._run(program, lambda stack, **on: stack.preview(**on, **options))

    def up(self, program: Program, **options: Any) -> Run:
        return self._run(program, lambda stack, **on: stack.up(**on, **options))

    def refresh(self, program: Program) -> Run:
        return self._run(program, lambda stack, **on: stack.refresh(**on))

    def destroy(self, program: Program) -> Run:
        return self._run(program, lambda stack, **on: stack.destroy(**on))

    def fails(self, program: Program, command: str = "up") -> str:
        """What the engine says of a command that fails."""
        try:
            getattr(self, command)(program)
        except automation.CommandError as error:
            return re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        raise AssertionError(f"`pulumi {command}` did not fail")

    def state(self) -> str:
        """The stack's state as it lies on disk."""
        (file,) = self.folder.rglob(f"{self.stack_name}.json")
        return file.read_text()

    def _run(self, program: Program, command: Callable[..., Any]) -> Run:
        run = Run()
        stack = automation.create_or_select_stack(
            self.stack_name,
            project_name=PROJECT,
            program=program,
            opts=automation.LocalWorkspaceOptions(env_vars=self.environment),
        )
        result = command(stack, on_event=lambda event: _note(run, event), color="never")
        run.text = result.stdout
        run.outputs = dict(getattr(result, "outputs", None) or {})
        return run


def _note(run: Run, event: EngineEvent) -> None:
    for seen in (event.resource_pre_event, event.res_outputs_event):
        if seen is None:
            continue
        if seen.metadata.type.startswith("pulumi:"):
            continue
        name = seen.metadata.urn.rpartition("::")[2]
        if seen is event.resource_pre_event:
            operations = run.operations.setdefault(name, [])
            operations.append(str(seen.metadata.op.value))
        if seen.metadata.new is not None:
            run.planned[name] = dict(seen.metadata.new.outputs or {})
        for path, difference in (seen.metadata.detailed_diff or {}).items():
            run.paths.setdefault(name, {})[path] = str(difference.diff_kind.value)
