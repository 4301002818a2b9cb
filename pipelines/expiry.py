"""Sandbox stacks that have had their time, and are taken down.

A stack expires when its file says so, `sandbox:expires` (a date or a time of ISO 8601), and only when its policy
profile is sandbox: a date in the wrong file deletes nothing. Its fleet goes with it, unless the stack's own
`slipway:teardown` says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from external.command import ExternalError
from pipelines.engine import PROFILE_KEY, Stack

KEY = "sandbox:expires"
SANDBOX = "sandbox"
FLEET = "drain"
"""What becomes of the fleet of a sandbox that says nothing about it."""


def expired(names: Iterable[str], now: datetime) -> tuple[list[Stack], list[str]]:
    """The stacks whose time has passed; and what is wrong with others, which keeps none of these from going."""
    found, wrong = [], []
    for name in names:
        try:
            stack = Stack(name)
            if (end := _end(stack)) and end <= now:
                found.append(stack)
        except ExternalError as error:
            wrong.append(str(error))
    return found, wrong


def _end(stack: Stack) -> datetime | None:
    if not (text := stack.setting(KEY)):
        return None
    if stack.setting(PROFILE_KEY) != SANDBOX:
        raise ExternalError(
            f"{stack.name} has {KEY}, but {PROFILE_KEY} is not {SANDBOX}: only sandboxes expire; "
            "remove the one or set the other"
        )
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise ExternalError(f"{KEY} of {stack.name} is {text!r}: write a date, such as 2026-12-24") from None
    return end if end.tzinfo else end.replace(tzinfo=UTC)
