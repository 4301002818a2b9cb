"""What the management cluster's pods and the local Azure's processes use of this machine, watched in the background."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from local_azure.machine import processes

SECONDS: Final = 5.0
"""Between two looks."""

PEAK_SECONDS: Final = 15.0
"""A peak of CPU is the mean over so long: shorter ones ask for nothing."""

CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
Reading = tuple[float, float, int, int]
"""When (seconds), CPU seconds until then, bytes in use, and those of them that are no file's."""


@dataclass(frozen=True)
class Use:
    """Of one pod or service in a span of time: cores on average and at most, bytes at most.

    `memory` is the working set, which has the program's text where this pod was the first on the machine to read it;
    `own` is what no file could give back.
    """

    cores: float
    peak_cores: float
    memory: int
    own: int


class Watch:
    """Reads until the block ends.

    Args:
        pods: names of pods by UID; asked for again all half a minute, since pods come and go.
    """

    def __init__(self, pods: Callable[[], Mapping[str, str]]) -> None:
        self._pods = pods
        self._readings: dict[str, list[Reading]] = defaultdict(list)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def between(self, start: float, end: float) -> dict[str, Use]:
        """By pod and service, what was used from `start` to `end` (of `time.time`)."""
        spans = {name: [each for each in all if start <= each[0] <= end] for name, all in self._readings.items()}
        return {name: use(readings) for name, readings in spans.items() if len(readings) > 1}

    def _run(self) -> None:
        pods: Mapping[str, str] = {}
        asked = 0.0
        while not self._ended.wait(SECONDS):
            if time.monotonic() - asked > 30:
                pods, asked = self._pods() or pods, time.monotonic()
            for name, reading in {**of_services(), **of_pods(pods)}.items():
                self._readings[name].append(reading)


def use(readings: list[Reading]) -> Use:
    """What two readings or more of the same thing amount to."""
    (first, cpu_before), (last, cpu_after) = readings[0][:2], readings[-1][:2]
    peak, behind = 0.0, 0
    for when, cpu, _memory, _own in readings:
        while readings[behind + 1][0] <= when - PEAK_SECONDS:
            behind += 1
        earlier, before = readings[behind][:2]
        if when - earlier >= PEAK_SECONDS:
            peak = max(peak, (cpu - before) / (when - earlier))
    mean = (cpu_after - cpu_before) / (last - first)
    return Use(mean, max(peak, mean), max(each[2] for each in readings), max(each[3] for each in readings))


def of_pods(pods: Mapping[str, str]) -> dict[str, Reading]:
    """By name, from their control groups, v1 or v2. Memory is the working set, as Kubernetes counts it."""
    found = {}
    for folder in CONTROL_GROUPS.glob("memory/slipway/*/kubepods/*/pod*"):
        if name := pods.get(folder.name.removeprefix("pod")):
            nanoseconds = (CONTROL_GROUPS / "cpuacct" / folder.relative_to(CONTROL_GROUPS / "memory")) / "cpuacct.usage"
            memory = int(_text(folder / "memory.usage_in_bytes") or 0) - _stat(folder, "total_inactive_file")
            found[name] = (time.time(), int(_text(nanoseconds) or 0) / 1e9, memory, _stat(folder, "total_rss"))
    for folder in CONTROL_GROUPS.glob("slipway/*/kubepods/*/pod*"):
        if name := pods.get(folder.name.removeprefix("pod")):
            memory = int(_text(folder / "memory.current") or 0) - _stat(folder, "inactive_file")
            cpu = _number("usage_usec", _text(folder / "cpu.stat")) / 1e6
            found[name] = (time.time(), cpu, memory, _stat(folder, "anon"))
    return {name: reading for name, reading in found.items() if reading[1]}


def of_services() -> dict[str, Reading]:
    """By name, of the local Azure's processes themselves; memory is what is resident, shared text included."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for name in processes.names():
        process = processes.recorded(name)
        if process and (text := _text(Path(f"/proc/{process.pid}/stat"))):
            fields = text.rpartition(")")[2].split()  # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
            shared = int((_text(Path(f"/proc/{process.pid}/statm")) or "0 0 0").split()[2]) * page
            memory = int(fields[21]) * page
            found[name] = (time.time(), (int(fields[11]) + int(fields[12])) / ticks, memory, memory - shared)
    return found


def _stat(folder: Path, name: str) -> int:
    return _number(name, _text(folder / "memory.stat"))


def _number(name: str, text: str) -> int:
    match = re.search(rf"^{name} (\d+)$", text, re.MULTILINE)
    return int(match[1]) if match else 0


def _text(path: Path) -> str:
    """A file of the kernel's; empty when its process or group has gone."""
    try:
        return path.read_text()
    except OSError:
        return ""
