"""The end of a node's containers: what kubelet and containerd leave behind when they stop is ended and unmounted here.

A containerd that stops leaves its containers running, each under a shim of its own, so that it can be upgraded.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.machine import cgroups, mounts

KILL_SECONDS = 10.0
RESULTS = Path("/var/lib/cni/results")
"""libcni's own notes; containerd has no setting for another place."""

LOG_LINKS = Path("/var/log/containers")
"""Where the kubelet links every container's log; it has no setting for another place either."""


def end(cgroup: str, run_folder: Path, *, grace: float) -> int:
    """End all containers of a node and their shims; returns how many processes had to be killed.

    Args:
        grace: seconds to end by themselves, so that controllers can give back their leader leases.

    Raises:
        LocalAzureError: a process could not be killed.
    """
    if grace > 0:
        cgroups.terminate(cgroup, grace)
    return cgroups.kill(cgroup) + kill_shims(run_folder)


def kill_shims(folder: Path) -> int:
    """Kill the shims whose containerd has its socket below `folder`; returns how many there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + KILL_SECONDS
    while found := shims(folder):
        if time.monotonic() > deadline:
            raise LocalAzureError(f"containerd shims {sorted(found)} cannot be killed")
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        killed |= found
        time.sleep(0.02)
    return len(killed)


def shims(folder: Path) -> set[int]:
    """The shims whose containerd has its socket below `folder`."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0].rpartition("/")[2].startswith("containerd-shim") and "-address" in words:
            socket = words[words.index("-address") + 1]
            if Path(socket).is_relative_to(folder):
                found.add(int(path.parent.name))
    return found


def clean_up(cgroup: str, folder: Path, run_folder: Path) -> None:
    """Remove what a stopped node's containers left: mounts, control groups, sockets, notes and links."""
    remove_shim_sockets(run_folder)
    for each in (run_folder, folder):
        mounts.unmount_below(each)
    cgroups.remove(cgroup)
    remove_notes(folder, run_folder)


def remove_shim_sockets(run_folder: Path) -> None:
    """Shims put their sockets into a folder that all containerds of a machine share, and note where."""
    for note in run_folder.rglob("io.containerd.runtime.v2.task/*/*/address"):
        Path(note.read_text().removeprefix("unix://")).unlink(missing_ok=True)


def remove_notes(folder: Path, run_folder: Path) -> None:
    """Remove notes of networks and links to logs that lie in folders which kubelets and containerds share."""
    for path in RESULTS.glob("*"):
        try:
            namespace = str(json.loads(path.read_bytes()).get("netns", ""))
        except (OSError, ValueError):
            continue
        if namespace and Path(namespace).is_relative_to(run_folder):
            path.unlink(missing_ok=True)
    for link in LOG_LINKS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(folder):
            link.unlink(missing_ok=True)
