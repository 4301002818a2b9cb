"""The end of a node's containers: what kubelet and containerd leave behind when they stop is ended and unmounted here.

A containerd that stops leaves its containers running, each under a shim of its own, so that it can be upgraded.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import closing
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.machine import cgroups, mounts

KILL_SECONDS = 10.0
NOTES = Path("/var/lib/cni/results")
"""libcni's own notes, "<network>-<container>-<interface>"; containerd has no setting for another place."""

LOG_LINKS = Path("/var/log/containers")
"""Where the kubelet links every container's log; it has no setting for another place either."""

DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
"""Where every kubelet of a machine listens for device plugins, which nodes here have none of."""


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
            address = words[words.index("-address") + 1]
            if Path(address).is_relative_to(folder):
                found.add(int(path.parent.name))
    return found


def clean_up(node: str, cgroup: str, folder: Path, run_folder: Path) -> None:
    """Remove what a stopped node's containers left: mounts, control groups, sockets, notes and links.

    Args:
        node: its network namespace's name, which is its pod network's too.
    """
    remove_shim_sockets(run_folder)
    for each in (run_folder, folder):
        mounts.unmount_below(each)
    cgroups.remove(cgroup)
    remove_notes(node)
    remove_log_links(folder)


def remove_shim_sockets(run_folder: Path) -> None:
    """Shims put their sockets into a folder that all containerds of a machine share, and note where."""
    for note in run_folder.rglob("io.containerd.runtime.v2.task/*/*/address"):
        Path(note.read_text().removeprefix("unix://")).unlink(missing_ok=True)


def remove_notes(networks: str) -> None:
    """Remove libcni's notes of the pods in `networks` (a glob pattern)."""
    for note in NOTES.glob(f"{networks}-*-eth0"):
        container = note.name.split("-")[-2]
        for each in NOTES.glob(f"*-{container}-*"):
            each.unlink(missing_ok=True)


def remove_log_links(folder: Path) -> None:
    """Remove the links to logs below `folder`."""
    for link in LOG_LINKS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(folder):
            link.unlink(missing_ok=True)


def remove_device_plugin_socket() -> None:
    """Remove the socket when no kubelet listens on it any more."""
    with closing(socket.socket(socket.AF_UNIX)) as client:
        if DEVICE_PLUGINS.exists() and client.connect_ex(str(DEVICE_PLUGINS)) != 0:
            DEVICE_PLUGINS.unlink(missing_ok=True)
