"""Mounts that nodes leave behind: found by where they are, unmounted innermost first."""

from __future__ import annotations

import re
from pathlib import Path

from local_azure.command import CommandFailed, run

AT_ONCE = 100
"""Mount points handed to one `umount`."""


def below(folder: Path) -> list[Path]:
    """Mount points below `folder`, innermost first; `folder` itself may be a mount of the user's."""
    return [target for target in all_targets()[::-1] if folder in target.parents]


def all_targets() -> list[Path]:
    """All mount points, in the order in which they were mounted; one may be there more than once."""
    # Blanks and the like are written in octal: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])) for line in lines]


def unmount_below(folder: Path) -> int:
    """Unmount all mounts below `folder`, also busy ones; returns how many there were.

    Raises:
        CommandFailed: one cannot be unmounted.
    """
    targets = below(folder)
    for first in range(0, len(targets), AT_ONCE):
        some = targets[first : first + AT_ONCE]
        try:
            run(["umount", "--lazy", "--", *some])
        except CommandFailed:
            # A container that ends meanwhile takes its own with it.
            if set(some) & set(below(folder)):
                raise
    return len(targets)
