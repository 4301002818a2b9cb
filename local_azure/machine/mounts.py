"""Mounts that nodes leave behind: found by where they are, unmounted innermost first."""

from __future__ import annotations

import re
from pathlib import Path

from local_azure.command import run

AT_ONCE = 100
"""Mount points handed to one `umount`."""


def below(folder: Path) -> list[Path]:
    """Mount points at or below `folder`, innermost first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # Blanks and the like are written in octal: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
        target = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line.split()[4]))
        if target.is_relative_to(folder):
            found.append(target)
    return found[::-1]


def unmount_below(folder: Path) -> int:
    """Unmount all mounts at or below `folder`, also busy ones; returns how many there were."""
    targets = below(folder)
    for first in range(0, len(targets), AT_ONCE):
        run(["umount", "--lazy", "--", *targets[first : first + AT_ONCE]])
    return len(targets)
