"""Runs Pulumi on a stack, and shows what it prints as it prints it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi import automation

from external.command import ExternalError
from management_cluster.teardown import CHOICE, SETTING
from pipelines.outcome import Outcome, plain

PACK = Path(__file__).parent.parent / "policies" / "program"
HERE = Path()
"""The pipelines' steps run in the project's folder."""

PROFILE_KEY = "policy:profile"
"""A stack's config: the file in policies/program/profiles that relaxes rules for it. Without, all are mandatory."""


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
            raise ExternalError(f"the stack {name} cannot be opened: {plain(str(error))}") from None

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
                outcome.errors.append(plain(str(error)))
        return outcome


def stacks(project: Path = HERE) -> list[str]:
    """The names of all stacks of this project."""
    return [each.name for each in automation.LocalWorkspace(work_dir=str(project.resolve())).list_stacks()]
