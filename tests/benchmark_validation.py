"""Measures `python -m fleet validate` beside a loop of `kustomize build | kubeconform`: how soon, and what they find.

    python -m tests.benchmark_validation [CLUSTERS]

Needs flux, clusterctl, kustomize and kubeconform on the PATH, which `make toolchain` builds. Wall-clock times depend on
what else runs; the ratio of CPU seconds hardly does.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.fleet import loop
from tests.fleet.mistakes import BROKEN
from tests.fleet.rendering import REPOSITORY, REQUESTS

GOAL = 0.25
SINCE_SECONDS = 2.0


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of the commands that `work` runs."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu


def main(clusters: int) -> None:
    """Make a fleet, measure both, print the ratios; then make every mistake, and print who finds it."""
    with tempfile.TemporaryDirectory() as place:
        fleet, formats = Path(place) / "fleet", Path(place) / "schemas"
        shutil.copytree(REPOSITORY, fleet)
        location = loop.formats(formats)
        folders = [fleet / f"environments/dev/clusters/c{number}" for number in range(clusters)]
        for folder in folders:
            shutil.copytree(REQUESTS / "first", folder)
            request = folder / "cluster.yaml"
            request.write_text(request.read_text().replace("name: first", f"name: {folder.name}"))
        git(fleet, "init", "-q", "-b", "main")
        git(fleet, "add", "-A")
        git(fleet, "commit", "-qm", "fleet")
        validate = [sys.executable, "-m", "fleet", "validate", str(fleet)]
        ours = measured(
            lambda: print(subprocess.run(validate, check=True, capture_output=True, text=True).stdout, end="")
        )
        theirs = measured(lambda: loop_over(folders, location))
        changed = folders[0] / "cluster.yaml"
        changed.write_text(changed.read_text().replace("replicas: 1", "replicas: 2"))
        since = measured(lambda: quietly([*validate, "--since", "main"]))
        by_loop, found = loop.found_by_both(Path(place) / "mistakes", location)
    print(
        f"{clusters} clusters: validate {ours[0]:.1f} s ({ours[1]:.1f} s CPU), "
        f"loop {theirs[0]:.1f} s ({theirs[1]:.1f} s CPU)"
    )
    print(f"ratio {ours[0] / theirs[0]:.2f} (CPU {ours[1] / theirs[1]:.2f}), goal {GOAL}")
    print(f"one changed cluster: {since[0]:.1f} s ({since[1]:.1f} s CPU), goal {SINCE_SECONDS} s")
    print(f"of {len(BROKEN)} mistakes: validate finds {len(found)}, the loop {len(by_loop)}")
    for name in BROKEN:
        print(f"  {name:45} {'validate' if name in found else '-':10} {'loop' if name in by_loop else '-'}")


def git(folder: Path, *arguments: str) -> None:
    """Run git with an author of its own."""
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True)


def quietly(command: list[str]) -> None:
    """Run a command that has to succeed."""
    subprocess.run(command, check=True, capture_output=True)


def loop_over(folders: Iterable[Path], location: str) -> None:
    """What people do without this command; what has no schema, or is not substituted yet, is left out."""
    for folder in folders:
        built = subprocess.run(["kustomize", "build", str(folder)], check=True, capture_output=True).stdout
        command = ["kubeconform", "-ignore-missing-schemas", "-schema-location", location]
        subprocess.run(command, input=built, check=False, capture_output=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
