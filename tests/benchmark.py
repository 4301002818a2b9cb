"""Measures the main job on this machine: times, memory, disk. Prints figures, asserts nothing.

`make bench` ends the running local Azure first, so that the first figure is a start from nothing with warm caches.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from local_azure.instance import CACHE, STATE
from local_azure.machine import cleanup
from local_azure.progress import console
from tests.e2e.local import Local, make


def main() -> None:
    """Run the measurements, each once, and print a table of them beside what is aimed at."""
    table = Table("figure", "measured", "aim")
    make("local-down")
    table.add_row("start to a hydrated workload cluster, warm", _seconds(lambda: make("local")), "≤ 120 s")
    table.add_row("`make local` again", _seconds(lambda: make("local")), "≤ 20 s")
    local = Local()
    preview = _seconds(lambda: local.run("pulumi", "preview", "--non-interactive", "--expect-no-changes"))
    table.add_row("`pulumi preview` without changes", preview, "≤ 10 s")
    table.add_row("memory, proportional share of all its processes", f"{_memory() / 2**30:.1f} GiB", "≤ 6 GiB")
    table.add_row("disk while it runs", _disk(STATE), "")
    make("local-down")
    table.add_row("disk it leaves: tools and images", _disk(CACHE), "≤ 2 GB")
    console.print(table)


def _seconds(work: Callable[[], object]) -> str:
    started = time.monotonic()
    work()
    return f"{time.monotonic() - started:.1f} s"


def _memory() -> int:
    """Bytes resident, shared pages counted once in all (PSS): https://docs.kernel.org/filesystems/proc.html"""
    services, total = cleanup.marked(), 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) in services or "/slipway" in (process / "cgroup").read_text():
                lines = (process / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # it ended meanwhile
    return total


def _disk(folder: Path) -> str:
    words = subprocess.run(["du", "-sxm", str(folder)], capture_output=True, text=True, check=True).stdout
    return f"{int(words.split()[0]) / 1000:.2f} GB"


if __name__ == "__main__":
    main()
