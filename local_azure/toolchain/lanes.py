"""Compile the tools that are missing, in two lanes side by side.

A lane's tools share most of their dependencies and are compiled one after the other, so that nothing is compiled
twice; while one lane downloads or links, which keeps one core busy at most, the other uses the rest.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from local_azure.progress import Progress, console
from local_azure.toolchain.go import BUILD_CACHE, Go
from local_azure.toolchain.layout import Layout, place
from local_azure.toolchain.prepare import STEPS, Materials
from local_azure.toolchain.recipe import MODULES, Tool

TWO_LANES_GIB = 10
"""Memory that two large compilations at once may take."""

NO_DEBUG_INFORMATION = "-gcflags=all=-dwarf=false"
"""The linker would drop it: not making it saves an eighth of the time and a quarter of the disk."""

MEMINFO = Path("/proc/meminfo")


class Stopped(Exception):
    """The other lane failed, or the person interrupted."""


class Lanes:
    """One run of compiling: knows what runs, what is left and how long that may take on this machine."""

    def __init__(self, layout: Layout, go: Go, progress: Progress) -> None:
        self.layout = layout
        self.go = go
        self.progress = progress
        self.left: list[Tool] = []
        self.running: dict[str, str] = {}
        self.expected = 0.0
        self.started = time.monotonic()
        self.stopping = Event()

    def build(self, tools: Sequence[Tool]) -> None:
        """Build these tools; what is built stays when one fails.

        Raises:
            LocalAzureError: one could not be built; the others are stopped.
        """
        if not tools:
            return
        self.left, self.expected, self.started = list(tools), 0.0, time.monotonic()
        together = available_gib() >= TWO_LANES_GIB
        lanes = {tool.lane: [other for other in tools if other.lane == tool.lane] for tool in tools}
        queues = list(lanes.values()) if together else [list(tools)]
        with self.progress.step(f"{len(tools)} tools from source") as waiting, ThreadPoolExecutor(len(queues)) as pool:
            futures = [pool.submit(self._lane, queue, waiting) for queue in queues]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self.stopping.set()
                raise

    def _lane(self, tools: Sequence[Tool], waiting: Callable[[str], None]) -> None:
        for tool in tools:
            started = time.monotonic()
            self._build(tool, waiting)
            self.running.pop(tool.name, None)
            self.left.remove(tool)
            self.expected += tool.seconds
            took = time.monotonic() - started
            self.progress.durations[tool.title] = took
            console.print(f"  [green]✓[/green] {tool.title} [dim]({took:.0f} s)[/dim]")

    def _build(self, tool: Tool, waiting: Callable[[str], None]) -> None:
        def compiling(line: str) -> None:
            if self.stopping.is_set():
                raise Stopped
            self.running[tool.name] = "/".join(line.split("/")[-2:])[:24]
            waiting(self._rest())

        work = BUILD_CACHE / "work" / tool.name
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(MODULES / tool.module, work)
        compiling("")
        with place(self.layout.tool(tool.name)) as target:
            if tool.prepare:
                kustomize = self.layout.program("kustomize")
                STEPS[tool.prepare](Materials(work, self.go, self.layout.documents, kustomize, tool.version))
            for program, package in tool.programs.items():
                output = str(target / "bin" / program)
                argv = ["build", "-v", NO_DEBUG_INFORMATION, "-ldflags", tool.linker_flags(), "-o", output, package]
                self.go.run(argv, work, compiling)

    def _rest(self) -> str:
        # This machine's speed shows once enough is built.
        speed = (time.monotonic() - self.started) / self.expected if self.expected > 100 else 1.0
        minutes = max(1, round(sum(tool.seconds for tool in self.left) * speed / 60))
        now = ", ".join(f"{name} {line}".strip() for name, line in sorted(self.running.items()))
        return f"{len(self.left)} left, about {minutes} min · {now}"


def available_gib(meminfo: Path = MEMINFO) -> float:
    """Memory that can be had without swapping, in GiB."""
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) / 2**20
