"""Every external command goes through `run`, so that a failure always says which command, and why, in a few lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SHOWN_LINES = 12
POLL_SECONDS = 5.0


class ExternalError(Exception):
    """Something outside the program is not as it has to be; the message is for people, and complete."""


class CommandFailed(ExternalError):
    """A command ended with another code than 0, or took too long.

    Attributes:
        output: all it printed.
    """

    def __init__(self, argv: Sequence[str], reason: str, output: str) -> None:
        tail = "".join(f"\n    {line}" for line in output.strip().splitlines()[-SHOWN_LINES:])
        super().__init__(f"`{' '.join(argv)}` {reason}" + (f":{tail}" if tail else ""))
        self.output = output


def require(command: str, source: str) -> None:
    """Check that a command is on the PATH.

    Raises:
        ExternalError: it is not; says where to get it.
    """
    if shutil.which(command) is None:
        raise ExternalError(f"`{command}` is not on the PATH: install it from {source}")


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout: float = 120,
    waiting: Callable[[float], None] | None = None,
) -> str:
    """Run a command and return what it printed on standard output, as text; the rest is as of `run_bytes`."""
    printed = run_bytes(argv, env=env, cwd=cwd, stdin=stdin, timeout=timeout, waiting=waiting)
    return printed.decode(errors="replace")


def run_bytes(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout: float = 120,
    waiting: Callable[[float], None] | None = None,
) -> bytes:
    """Run a command and return what it printed on standard output.

    Args:
        argv: the command; secrets never go here, give them by `env` or `stdin`.
        env: added to this process's environment.
        timeout: seconds.
        waiting: called every few seconds with the seconds gone so far, while the command runs.

    Raises:
        CommandFailed: it could not be started, ended with another code than 0, or took longer than `timeout`.
    """
    try:
        process = subprocess.Popen(
            argv,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise CommandFailed(argv, "could not be started: there is no such command", "") from None
    with process:
        out, err = _communicate(process, argv, stdin, timeout, waiting)
    if process.returncode != 0:
        printed = err.decode(errors="replace").strip() or out.decode(errors="replace")
        raise CommandFailed(argv, f"ended with code {process.returncode}", printed)
    return out


def _communicate(
    process: subprocess.Popen[bytes],
    argv: Sequence[str],
    stdin: bytes | None,
    timeout: float,
    waiting: Callable[[float], None] | None,
) -> tuple[bytes, bytes]:
    """What a command prints on standard output and standard error until it ends, or is killed for taking too long."""
    started = time.monotonic()
    while True:
        try:
            # A second call goes on with the same streams; nothing printed so far is lost.
            return process.communicate(stdin, timeout=POLL_SECONDS if waiting else timeout)
        except subprocess.TimeoutExpired as expired:
            gone = time.monotonic() - started
            if gone >= timeout:
                process.kill()
                printed = (expired.stderr or b"").decode(errors="replace")
                raise CommandFailed(argv, f"was stopped after {timeout:.0f} s", printed) from None
            if waiting:
                waiting(gone)


@contextmanager
def secret_file(text: str, name: str) -> Iterator[Path]:
    """A file for commands that take a secret by no other way: only this user can read it, and it is gone afterwards.

    On Linux it is in memory only, so that it is gone also when this process is killed.
    """
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create(name), "w") as memory:
            os.fchmod(memory.fileno(), 0o600)  # OpenSSH takes no key that others could read
            memory.write(text)
            memory.flush()
            yield Path(f"/proc/{os.getpid()}/fd/{memory.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:  # created with mode 0700
        path = Path(folder) / name
        path.touch(mode=0o600)
        path.write_text(text)
        yield path
