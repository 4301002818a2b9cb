"""How Go is called, so that every build hits the same caches, and what its failures mean."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE

BUILD_CACHE = CACHE / "build"
SETTINGS = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-buildvcs=false -trimpath -mod=readonly",
    "GOTOOLCHAIN": "local",
}
"""What a build's result depends on: it is part of every cache key."""

LOCATIONS = {
    "GOMODCACHE": str(BUILD_CACHE / "mod"),
    "GOCACHE": str(BUILD_CACHE / "go-build"),
    "GOTMPDIR": str(BUILD_CACHE / "tmp"),
    "GOWORK": "off",
    "GOOS": "linux",
    "GOARCH": "amd64",
    "GOAMD64": "v1",
}
"""Where Go keeps things, and what machine it builds for, which its version names too."""


class BuildFailed(LocalAzureError):
    """`go` said no; the message has its last lines."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain that is recent enough."""

    program: Path
    version: str

    def environment(self) -> dict[str, str]:
        """What `go`, and what runs it, is told by; its folder for temporary files is there, which Go does not make."""
        Path(LOCATIONS["GOTMPDIR"]).mkdir(parents=True, exist_ok=True)
        return {**SETTINGS, **LOCATIONS}

    def run(
        self, argv: Sequence[str], folder: Path, progress: Callable[[str], None], env: Mapping[str, str] | None = None
    ) -> None:
        """Run `go ARGV` in `folder` to its end, saying once a second what it does. What `progress` raises ends it.

        Raises:
            BuildFailed: with the last lines of its output, and what to do where that is known.
        """
        process = subprocess.Popen(
            [str(self.program), *argv],
            cwd=folder,
            env={**os.environ, **self.environment(), **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            lines = _follow(process, progress)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if process.returncode != 0:
            raise _failure(argv, folder, lines)

    def module_folder(self, folder: Path, module: str) -> Path:
        """Where the pinned source of `module` is, downloaded and checked against go.sum if it is not there yet.

        Raises:
            BuildFailed: it cannot be had, or is not what go.sum says.
        """
        # With an update of go.mod allowed, go.sum is still what the download is checked against.
        done = subprocess.run(
            [str(self.program), "mod", "download", "-json", module],
            cwd=folder,
            env={**os.environ, **self.environment(), "GOFLAGS": "-mod=mod"},
            capture_output=True,
            text=True,
            check=False,
        )
        answer = json.loads(done.stdout or "{}")
        if done.returncode != 0 or "Dir" not in answer:
            lines = [*str(answer.get("Error", "")).splitlines(), *done.stderr.splitlines()]
            raise _failure(["mod", "download", module], folder, lines)
        return Path(answer["Dir"])


def _follow(process: subprocess.Popen[str], progress: Callable[[str], None]) -> list[str]:
    arriving: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            arriving.put(line.rstrip())
        arriving.put(None)

    threading.Thread(target=read, daemon=True).start()
    lines: list[str] = []
    said_at = 0.0
    while True:
        try:
            line = arriving.get(timeout=1)
        except queue.Empty:
            line = ""
        if line is None:
            process.wait()
            return lines
        if line:
            lines.append(line)
        if time.monotonic() - said_at > 0.5:
            said_at = time.monotonic()
            progress(lines[-1] if lines else "")


def _failure(argv: Sequence[str], folder: Path, lines: Sequence[str]) -> BuildFailed:
    text = "\n".join(lines)
    mend = ""
    if "no space left on device" in text:
        mend = f"free some disk: a first build needs 26 GB below {CACHE} for a while, and leaves 2 GB"
    elif "checksum mismatch" in text or "SECURITY ERROR" in text:
        mend = "what was downloaded is not what is pinned: remove the download and try again, and do not edit go.sum"
    elif re.search(r"dial tcp|lookup .* (no such host|server misbehaving)|i/o timeout|connection refused", text):
        mend = "the Go module proxy cannot be reached: check the network and GOPROXY; what is built already is kept"
    tail = "\n".join(f"    {line}" for line in lines[-12:])
    return BuildFailed(f"`go {' '.join(argv)}` failed in {folder.name}:\n{tail}", mend)
