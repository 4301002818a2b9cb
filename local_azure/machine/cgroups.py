"""Control groups of the nodes: /slipway/<node> in every hierarchy, on cgroup v1, v2 and mixed machines alike.

https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html and https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

from local_azure.errors import LocalAzureError

PARENT = "slipway"
KILL_SECONDS = 10.0
WEIGHT = 20
"""All pods of all nodes are one group: of a busy machine they get as much as so many processes outside it. Those are
the control planes and whatever else runs; as one of them the pods would starve, and with them every webhook."""

_V2_CONTROLLERS = {"cpu", "cpuset", "hugetlb", "io", "memory", "pids"}


def writable() -> bool:
    """Whether there are control groups that this process may change."""
    lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    options = [options.split(",") for _, _, kind, options, *_ in lines if kind in {"cgroup", "cgroup2"}]
    return bool(options) and all("rw" in each for each in options)


def create(name: str) -> str:
    """Create the group of a node in every hierarchy; returns its path as programs name it, "/slipway/<name>".

    Raises:
        LocalAzureError: the kernel does not let controllers be handed down.
    """
    roots = _hierarchies()
    for root in roots:
        folders = [root, root / PARENT, root / PARENT / name]
        for folder in folders:
            folder.mkdir(exist_ok=True)
            _inherit_cpuset(folder)
            _weigh(folder)
            # Beside v1 hierarchies, the one of v2 is for bookkeeping only.
            if len(roots) == 1:
                _delegate(folder)
    return f"/{PARENT}/{name}"


def pids(name: str = "") -> set[int]:
    """All processes in a node's group and below it; in those of all nodes when no name is given."""
    found: set[int] = set()
    for folder in _folders(name):
        for group in (folder, *_below(folder)):
            try:
                found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
            except OSError:  # the group went away meanwhile, or is a threaded one
                continue
    # Processes of another pid namespace show as 0, and a signal to that would go to our own process group.
    return found - {0}


def terminate(name: str, grace: float) -> None:
    """Ask all processes of a group to end, and wait up to `grace` seconds."""
    for pid in pids(name):
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while pids(name) and time.monotonic() < deadline:
        time.sleep(0.1)


def kill(name: str = "") -> int:
    """Kill all processes of a group, also such as appear meanwhile; returns how many there were.

    Raises:
        LocalAzureError: some could not be killed.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + KILL_SECONDS
    while left := pids(name):
        if time.monotonic() > deadline:
            raise LocalAzureError(f"processes {sorted(left)} in the control group {PARENT}/{name} cannot be killed")
        for pid in left:
            _send(pid, signal.SIGKILL)
        killed |= left
        time.sleep(0.02)
    return len(killed)


def remove(name: str = "") -> bool:
    """Remove a node's empty group from every hierarchy, or all of them; returns whether there was one."""
    folders = _folders(name)
    deadline = time.monotonic() + KILL_SECONDS
    for folder in folders:
        for group in (*_below(folder), folder):
            while not _removed(group):
                if time.monotonic() > deadline:
                    raise LocalAzureError(f"the control group {group} stays busy")
                time.sleep(0.05)
    if name and folders and not any(_below(folder.parent) for folder in folders):
        remove()
    return bool(folders)


def _hierarchies() -> list[Path]:
    """Where control groups are mounted."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return [Path(target) for _, target, kind, *_ in mounts if kind in {"cgroup", "cgroup2"}]


def _folders(name: str) -> list[Path]:
    return [folder for root in _hierarchies() if (folder := root / PARENT / name).is_dir()]


def _below(folder: Path) -> list[Path]:
    """All groups below one, deepest first."""
    return [Path(path) for path, _, _ in os.walk(folder, topdown=False) if path != str(folder)]


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # The last process is dead but not yet gone.
        return False
    return True


def _delegate(folder: Path) -> None:
    """v2: let the groups below `folder` use what it has itself."""
    control = folder / "cgroup.subtree_control"
    if not control.exists():
        return
    have = set((folder / "cgroup.controllers").read_text().split())
    missing = (have & _V2_CONTROLLERS) - set(control.read_text().split())
    if not missing:
        return
    try:
        control.write_text(" ".join(f"+{controller}" for controller in sorted(missing)))
    except OSError as error:
        raise LocalAzureError(
            f"the control group {folder} does not hand its controllers down ({error.strerror})",
            "processes must not live in it, as they do in some containers: use a virtual machine",
        ) from error


def _inherit_cpuset(folder: Path) -> None:
    """v1: a new cpuset group has no CPU at all and refuses processes until it is given some."""
    for setting in ("cpuset.cpus", "cpuset.mems"):
        file = folder / setting
        if file.exists() and (folder / "tasks").exists() and not file.read_text().strip():
            file.write_text((folder.parent / setting).read_text())


def _weigh(folder: Path) -> None:
    """Give the group of all nodes its weight: `cpu.shares` of v1, `cpu.weight` of v2, in what they are by default."""
    if folder.name == PARENT:
        for file, one in ((folder / "cpu.shares", 1024), (folder / "cpu.weight", 100)):
            if file.exists():
                file.write_text(str(one * WEIGHT))


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
