"""Removes everything a local Azure made on this machine, whatever state it is in: running, half started, killed.

Nothing is looked up in one place only: processes by their records, by the mark in their environment and by their
control groups; the rest by its names, which all begin with ours.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from local_azure.command import run
from local_azure.instance import RUN, STATE
from local_azure.machine import cgroups, containers, mounts, network, processes

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


@dataclass(frozen=True)
class Removed:
    """How many of each thing there were."""

    processes: int
    containers: int
    mounts: int
    namespaces: int
    folders: int

    def __str__(self) -> str:
        counts = [f"{count} {field.name}" for field in fields(self) if (count := getattr(self, field.name))]
        return f"removed {', '.join(counts)}" if counts else "there was nothing to remove"


def remove_everything() -> Removed:
    """Remove all of it; the cache of tools and images stays. May be called again after any failure.

    Raises:
        LocalAzureError: a process could not be killed, or a mount not be undone; nothing below it is deleted then.
    """
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
    for pid in marked():
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    return killed


def marked() -> set[int]:
    """Processes that carry our mark and are neither this one nor one it came from."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except (OSError, ProcessLookupError):
            continue
        if any(variable.startswith(f"{processes.MARK}=".encode()) for variable in variables):
            found.add(int(path.parent.name))
    return found - _ancestry()


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
        for target in mounts.below(folder):
            run(["umount", "--", target])
        folder.rmdir()


def _remove_folders() -> int:
    existing = [folder for folder in (RUN, STATE) if folder.exists()]
    for folder in existing:
        shutil.rmtree(folder)
    _remove_empty(SHARED_FOLDERS)
    return len(existing)


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # not there, or in use by others
            continue
