"""Measures `python -m fleet validate` beside a loop of `kustomize build | kubeconform` over the same clusters.

    python -m tests.benchmark_validation [CLUSTERS]

Needs flux, clusterctl, kustomize and kubeconform on the PATH
(`go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0`). Wall-clock times depend on what else runs; the ratio
of CPU seconds hardly does.
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

from fleet.validation import schemas
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
    """Make a fleet, measure both, print the ratios."""
    kept = schemas.load().folder
    with tempfile.TemporaryDirectory() as place:
        fleet, formats = Path(place) / "fleet", Path(place) / "schemas"
        shutil.copytree(REPOSITORY, fleet)
        formats.mkdir()
        for file in kept.iterdir():
            shutil.copy(file, formats / file.name.lower())
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
        location = f"{formats}/{{{{ .Group }}}}_{{{{ .ResourceAPIVersion }}}}_{{{{ .ResourceKind }}}}.json"
        loop = measured(lambda: loop_over(folders, location))
        changed = folders[0] / "cluster.yaml"
        changed.write_text(changed.read_text().replace("replicas: 1", "replicas: 2"))
        since = measured(lambda: quietly([*validate, "--since", "main"]))
    print(
        f"{clusters} clusters: validate {ours[0]:.1f} s ({ours[1]:.1f} s CPU), "
        f"loop {loop[0]:.1f} s ({loop[1]:.1f} s CPU)"
    )
    print(f"ratio {ours[0] / loop[0]:.2f} (CPU {ours[1] / loop[1]:.2f}), goal {GOAL}")
    print(f"one changed cluster: {since[0]:.1f} s ({since[1]:.1f} s CPU), goal {SINCE_SECONDS} s")


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
