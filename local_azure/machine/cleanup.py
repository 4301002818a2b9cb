"""Removes everything a local Azure made on this machine, whatever state it is in: running, half started, killed.

Nothing is looked up in one place only: processes by their records, by the mark in their environment and by their
control groups; the rest by its names, which all begin with ours.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from local_azure.command import run
from local_azure.errors import LocalAzureError
from local_azure.instance import RUN, STATE
from local_azure.machine import cgroups, containers, mounts, network, processes

PASSES = 5

SHARED_FOLDERS = (
    Path("/var/lib/cni/results"),
    Path("/var/lib/cni"),
    Path("/var/log/containers"),
    Path("/var/log/pods"),
    Path("/var/lib/kubelet/device-plugins"),
    Path("/var/lib/kubelet"),
    Path("/run/containerd/s"),
    Path("/run/containerd"),
)
"""Made by programs that have no setting for another place; removed when nothing of anybody is in them."""

STATE_OF_PULUMI = f"PULUMI_BACKEND_URL=file://{STATE}/pulumi".encode()
"""A plugin of Pulumi does not always end with an engine that was killed."""


@dataclass(frozen=True)
class Removed:
    """How many of each thing there were."""

    processes: int = 0
    containers: int = 0
    mounts: int = 0
    namespaces: int = 0
    folders: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def __str__(self) -> str:
        counts = [f"{count} {field.name}" for field in fields(self) if (count := getattr(self, field.name))]
        return f"removed {', '.join(counts)}" if counts else "there was nothing to remove"


def remove_everything() -> Removed:
    """Remove all of it; the cache of tools and images stays. May be called again after any failure.

    Raises:
        LocalAzureError: a process could not be killed, or a mount not be undone; nothing below it is deleted then.
    """
    total = Removed()
    for _ in range(PASSES):
        # Commands of a process that has just been killed may still have made something.
        removed = _remove_what_is_there()
        if removed == Removed():
            return total
        total += removed
    raise LocalAzureError("something starts the local Azure while it is being removed", "end it, then try again")


def _remove_what_is_there() -> Removed:
    killed = kill_processes()
    contained = cgroups.kill() + containers.kill_shims(RUN)
    containers.remove_shim_sockets(RUN)
    unmounted = sum(mounts.unmount_below(folder) for folder in (RUN, STATE))
    cgroups.remove()
    removed_links = len(network.remove())
    _leave_namespace_folder()
    containers.remove_notes(f"{network.PREFIX}*")
    containers.remove_log_links(STATE)
    containers.remove_device_plugin_socket()
    return Removed(killed, contained, unmounted, removed_links, _remove_folders())


def kill_processes() -> int:
    """Kill every process that was started here; returns how many there were.

    The simulator first, since it might start others; kubelets next, since they start containers.
    """
    names = sorted(processes.names(), key=lambda name: (name != "azure", not name.endswith("kubelet"), name))
    killed = sum(processes.stop(name, grace=0) for name in names)
    strays: set[int] = set()
    deadline = time.monotonic() + processes.KILL_AFTER
    while left := marked():
        if time.monotonic() > deadline:
            raise LocalAzureError(f"processes {sorted(left)} cannot be killed", "restart the machine")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        strays |= left
        time.sleep(0.02)
    return killed + len(strays)


def marked() -> set[int]:
    """Processes that carry our mark, or serve a Pulumi that had its state here; not this one, nor one it came from."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except (OSError, ProcessLookupError):
            continue
        ours = any(variable.startswith(f"{processes.MARK}=".encode()) for variable in variables)
        if ours or (STATE_OF_PULUMI in variables and _is_a_plugin(path.parent)):
            found.add(int(path.parent.name))
    return found - _ancestry()


def _is_a_plugin(process: Path) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
    except (OSError, ProcessLookupError):
        return False
    return b"pulumi.dynamic" in arguments or b"/pulumi-resource-" in arguments[0]


def _ancestry() -> set[int]:
    found, pid = set(), os.getpid()
    while pid:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def _leave_namespace_folder() -> None:
    """`ip netns` mounts its folder onto itself at first use and leaves it so; it does that again when it has to."""
    folder = network.NAMESPACES
    if folder.is_dir() and not any(folder.iterdir()):
        for _ in range(sum(target == folder for target in mounts.all_targets())):
            run(["umount", "--", folder])
        folder.rmdir()


def _remove_folders() -> int:
    removed = 0
    for folder in (RUN, STATE):
        if folder.is_mount():
            # A disk of the user's: what is on it goes, the mount stays.
            inside = list(folder.iterdir())
            for path in inside:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            removed += bool(inside)
        elif folder.exists():
            shutil.rmtree(folder)
            removed += 1
    _remove_empty(SHARED_FOLDERS)
    return removed


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # not there, or in use by others
            continue
