"""Long-running processes that outlive whoever starts them, and that can always be found again.

A process is written down *before* it becomes the program it is to be: it starts as a shell that waits for one line
from its parent, the parent records its pid, then sends the line. So not even kill -9 of the parent, at any moment,
leaves a program behind that nobody knows of.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.instance import STATE

RECORDS = STATE / "processes"
LOGS = STATE / "log"
MARK = "SLIPWAY_PROCESS"
"""Environment variable that every process started here has, and its children inherit."""

KILL_AFTER = 8.0
"""Seconds a process is given to end by itself."""

_GATE = 'read -r _ && exec "$@" </dev/null'
_children: dict[int, subprocess.Popen[bytes]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Process:
    """One running process: a pid alone may have been given to another one since, pid, start and boot together not.

    Attributes:
        started: clock ticks between boot and start.
        boot: the kernel's boot id.
        command: a hash of what it runs.
    """

    pid: int
    started: int
    boot: str
    command: str

    @property
    def alive(self) -> bool:
        """Whether it still runs (a zombie does not)."""
        with _lock:
            if (child := _children.get(self.pid)) and child.poll() is not None:
                del _children[self.pid]
        return self.boot == _boot_id() and _started(self.pid) == self.started


def start(
    name: str,
    argv: Sequence[str | Path],
    *,
    netns: str | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> None:
    """Start a process, detached, unless the one recorded under `name` runs the same command; another it replaces.

    Args:
        name: letters, digits, dots and dashes.
        netns: name of the network namespace it lives in.
        env: its whole environment beside PATH and MARK; nothing else is inherited.
        log: where its output is appended; STATE/log/<name>.log unless given.

    Raises:
        LocalAzureError: the program does not exist.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"not a process name: {name!r}")
    words = [str(word) for word in argv]
    if shutil.which(words[0]) is None:
        raise LocalAzureError(f"{name} cannot be started: there is no program {words[0]}")
    if netns:
        # Not `ip netns exec`: it mounts a fresh /sys, which hides the cgroups.
        words = ["nsenter", f"--net=/run/netns/{netns}", "--", *words]
    command = hashlib.sha256("\0".join(words).encode()).hexdigest()
    if (existing := recorded(name)) and existing.alive:
        if existing.command == command:
            return
        stop(name)
    log = log or log_file(name)
    for folder in (RECORDS, log.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _GATE, "sh", *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), **(env or {}), MARK: name},
            start_new_session=True,
            # Whatever the user's is: containerd makes the root folders of containers with it, and their users are many.
            umask=0o022,
        )
    with _lock:
        _children[child.pid] = child
    _write(name, Process(child.pid, _started(child.pid) or 0, _boot_id(), command))
    assert child.stdin is not None
    try:
        child.stdin.write(b"go\n")
        child.stdin.close()
    except BrokenPipeError as error:
        raise LocalAzureError(f"{name} could not be started: {last_line(name)}") from error


def stop(name: str, *, grace: float = KILL_AFTER) -> bool:
    """End a process and forget it; returns whether it ran.

    Args:
        grace: seconds between asking (SIGTERM) and killing (SIGKILL, its whole process group).

    Raises:
        LocalAzureError: not even SIGKILL ends it.
    """
    process = recorded(name)
    ran = process is not None and process.alive
    if process is not None and ran:
        if grace > 0:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while process.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        _signal(process, signal.SIGKILL)
        deadline = time.monotonic() + KILL_AFTER
        while process.alive:
            if time.monotonic() > deadline:
                raise LocalAzureError(f"{name} (process {process.pid}) cannot be killed", "restart the machine")
            time.sleep(0.02)
    (RECORDS / f"{name}.json").unlink(missing_ok=True)
    return ran


def alive(name: str) -> bool:
    """Whether the process recorded under `name` runs."""
    process = recorded(name)
    return process is not None and process.alive


def names(prefix: str = "") -> list[str]:
    """The names recorded, running or not, that begin with `prefix`."""
    return sorted(path.stem for path in RECORDS.glob("*.json") if path.stem.startswith(prefix))


def recorded(name: str) -> Process | None:
    """What is written down under `name`; None too for a record cut short by a crash (its program never started)."""
    try:
        return Process(**json.loads((RECORDS / f"{name}.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def log_file(name: str) -> Path:
    """Where the output of the process `name` goes."""
    return LOGS / f"{name}.log"


def remove_logs(prefix: str) -> None:
    """Remove the logs of all processes whose names begin with `prefix`."""
    for log in LOGS.glob(f"{prefix}*.log"):
        log.unlink(missing_ok=True)


def last_line(name: str) -> str:
    """The last line a process said, for an error message; empty when it said nothing."""
    try:
        with log_file(name).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        if process.alive and number == signal.SIGKILL:
            os.killpg(process.pid, number)
        elif process.alive:
            os.kill(process.pid, number)
    except ProcessLookupError:
        pass


def _write(name: str, process: Process) -> None:
    path = RECORDS / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(process)))
    part.replace(path)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _started(pid: int) -> int | None:
    """Start time of a pid in clock ticks since boot, None when there is no such process or only a zombie of it.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
