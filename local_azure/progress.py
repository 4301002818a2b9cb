"""Progress of long work: one line a step, what it waits for and for how long, and the time each step took.

On a terminal the running step is a live line; elsewhere (a pipeline's log) it is repeated now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

REPEAT_SECONDS = 15.0
"""How often a step that still waits says so where no live line can be shown."""

LOG_WIDTH = 120
"""Columns where there is no terminal to ask."""

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = LOG_WIDTH


class Progress:
    """The steps of one run, in order. `durations` maps a finished step's title to its seconds."""

    def __init__(self) -> None:
        self.durations: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show `title` while the block runs; yields a function to say what the step is waiting for."""
        started = time.monotonic()
        last_said = started
        live = console.status(escape(title)) if console.is_terminal else None

        def waiting(reason: str) -> None:
            nonlocal last_said
            now = time.monotonic()
            line = f"{escape(title)} [dim]· {escape(reason)} · {now - started:.0f} s[/dim]"
            if live:
                live.update(line)
            elif now - last_said >= REPEAT_SECONDS:
                last_said = now
                console.print(f"  … {line}")

        if live:
            live.start()
        try:
            yield waiting
        except BaseException:
            console.print(f"[red]✗[/red] {escape(title)} [dim]({time.monotonic() - started:.1f} s)[/dim]")
            raise
        finally:
            if live:
                live.stop()
        self.durations[title] = time.monotonic() - started
        console.print(f"[green]✓[/green] {escape(title)} [dim]({self.durations[title]:.1f} s)[/dim]")


def wait_until(
    satisfied: Callable[[], str | None],
    waiting: Callable[[str], None],
    *,
    timeout: float,
    interval: float = 0.5,
) -> None:
    """Call `satisfied` until it returns None; what it returns meanwhile is what is being waited for.

    Args:
        timeout: seconds.
        interval: seconds between two calls.

    Raises:
        TimeoutError: with the last reason.
    """
    deadline = time.monotonic() + timeout
    while (reason := satisfied()) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:.0f} s still waiting: {reason}")
        waiting(reason)
        time.sleep(interval)
