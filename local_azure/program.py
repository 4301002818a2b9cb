"""Runs the Pulumi program as a user does, on the stack `local`, and shows what it is doing meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent, OpType

from local_azure.azure_native import pending
from local_azure.environment import PULUMI_STATE
from local_azure.errors import LocalAzureError
from local_azure.instance import PULUMI_HOME

CHECKOUT = Path(__file__).parent.parent
STACK = "local"


@dataclass(frozen=True)
class Outcome:
    """What an `up` did: resources by operation ("create", "update", "same" …), and the stack's outputs."""

    changes: Mapping[str, int]
    outputs: Mapping[str, Any]

    @property
    def unchanged(self) -> bool:
        """Whether nothing had to be done."""
        return set(self.changes) <= {"same"}


def up(env: Mapping[str, str], waiting: Callable[[str], None]) -> Outcome:
    """`pulumi up` of the stack `local`.

    Raises:
        LocalAzureError: the program or a resource failed; has the engine's own words.
    """
    PULUMI_STATE.mkdir(parents=True, exist_ok=True)
    engine = _Watcher(waiting)
    os.environ["PATH"] = env["PATH"]  # where the automation API looks for `pulumi`
    try:
        stack = automation.create_or_select_stack(
            STACK,
            work_dir=str(CHECKOUT),
            opts=automation.LocalWorkspaceOptions(pulumi_home=str(PULUMI_HOME), env_vars=dict(env)),
        )
        if _interrupted():
            pending.recover(stack)
        result = stack.up(on_event=engine.event, suppress_outputs=True, color="never")
    except automation.CommandError as error:
        raise LocalAzureError(
            "`pulumi up` of the stack local failed:\n" + engine.errors_or(str(error)),
            "mend it and run `make local` again, it goes on where it stopped",
        ) from None
    outputs = {name: output.value for name, output in result.outputs.items()}
    changes = {OpType(operation).value: count for operation, count in (result.summary.resource_changes or {}).items()}
    return Outcome(changes, outputs)


def _interrupted() -> bool:
    """Whether an earlier `pulumi` was killed and left its lock; ours is the only one on this backend."""
    return any((PULUMI_STATE / ".pulumi" / "locks").rglob("*.json"))


class _Watcher:
    """Follows the engine's events: which resources are under way, and what was said when one failed."""

    def __init__(self, waiting: Callable[[str], None]) -> None:
        self._waiting = waiting
        self._busy: dict[str, str] = {}
        self._errors: list[str] = []

    def event(self, event: EngineEvent) -> None:
        if (started := event.resource_pre_event) and started.metadata.op is not OpType.SAME:
            self._busy[started.metadata.urn] = started.metadata.urn.rsplit("::", 1)[-1]
        if ended := event.res_outputs_event or event.res_op_failed_event:
            self._busy.pop(ended.metadata.urn, None)
        if (said := event.diagnostic_event) and said.severity == "error":
            self._errors.append(said.message.strip())
        if self._busy:
            self._waiting(", ".join(sorted(self._busy.values())[:4]))

    def errors_or(self, otherwise: str) -> str:
        """The engine's errors, indented; `otherwise` where it gave none."""
        # What the program's own process says when the engine stops it explains nothing.
        said = [error for error in dict.fromkeys(self._errors) if "resource monitor shut down" not in error]
        text = "\n".join(said) or otherwise
        return "\n".join(f"    {line}" for line in text.splitlines())
