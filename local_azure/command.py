"""Every short-lived external command goes through `run`, so that a failure always says which command, and why."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_azure.errors import LocalAzureError

LAST_LINES = 15


class CommandFailed(LocalAzureError):
    """A command ended with a code other than 0, or not in time; `output` is what it printed."""

    def __init__(self, argv: Sequence[str], reason: str, output: str) -> None:
        tail = "\n".join(f"    {line}" for line in output.strip().splitlines()[-LAST_LINES:])
        super().__init__(f"`{' '.join(argv)}` {reason}" + (f":\n{tail}" if tail else ""))
        self.output = output


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> str:
    """Run a command and return its standard output.

    Args:
        argv: the command; secrets never go here, give them by `env` or `stdin`.
        env: added to this process's environment.
        timeout: seconds.

    Raises:
        CommandFailed: it could not be started, ended with another code than 0, or took longer than `timeout`.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            check=False,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise CommandFailed(words, "could not be started: no such command", "") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(words, f"took longer than {timeout:.0f} s", str(error.stderr or "")) from error
    if done.returncode != 0:
        raise CommandFailed(words, f"ended with code {done.returncode}", done.stderr or done.stdout)
    return done.stdout
