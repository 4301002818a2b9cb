"""What people do without `fleet validate`: `kustomize build | flux envsubst | kubeconform`, directory by directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import yaml

from fleet.rendering.flux import KUSTOMIZATION_FILES
from fleet.validation import report, schemas
from fleet.validation.check import validate
from tests.fleet import mistakes
from tests.fleet.rendering import GIT, REPOSITORY, RUNTIME_INFO, seeded

DEV = [yaml.safe_load((REPOSITORY / f"environments/dev/{name}.yaml").read_text()) for name in ("release", "settings")]
VALUES = {**RUNTIME_INFO, **GIT, **DEV[0]["data"], **DEV[1]["data"], "ring": "clusters", "wave": "dev"}
ENVIRONMENT = {**os.environ, **VALUES, "GIT_ALLOW_PROTOCOL": "none"}
"""What Flux substitutes in dev; and nothing is fetched."""


def formats(folder: Path) -> str:
    """The same schemas that `fleet validate` has, by the names that kubeconform looks for; where they are."""
    folder.mkdir()
    for file in schemas.load().folder.iterdir():
        shutil.copy(file, folder / file.name.lower())
    return f"{folder}/{{{{ .Group }}}}_{{{{ .ResourceAPIVersion }}}}_{{{{ .ResourceKind }}}}.json"


def passes(path: Path, location: str) -> bool:
    """Whether a directory, or a file that no kustomization has, is well by all commands, or has no schema."""
    build = ["cat", str(path)] if path.is_file() else ["kustomize", "build", str(path)]
    check = ["kubeconform", "-strict", "-ignore-missing-schemas", "-schema-location", location]
    text = b""
    for command in (build, ["flux", "envsubst", "--strict"], check):
        done = subprocess.run(command, input=text, check=False, capture_output=True, env=ENVIRONMENT, timeout=120)
        if done.returncode:
            return False
        text = done.stdout
    return True


def found_by_both(folder: Path, location: str) -> tuple[set[str], set[str]]:
    """Which of the mistakes the loop finds, and which of them `fleet validate` finds, all being made at once."""
    by_loop = {name for name in mistakes.BROKEN if finds(name, folder / name, location)}
    fleet = seeded(folder / "all")
    for name in mistakes.BROKEN:
        mistakes.make(fleet, name)
    told = report.text(validate(fleet.path))
    return by_loop, {name for name in mistakes.BROKEN if mistakes.said(name) in told}


def finds(name: str, folder: Path, location: str) -> bool:
    """Whether the loop stops at what has a mistake, and not without it; of a new file, whatever it stops at."""
    good, bad = seeded(folder / "good"), seeded(folder / "bad")
    if "/" not in mistakes.BROKEN[name].file:
        good.request(name)
    file = mistakes.make(bad, name)
    here = bad.path / file
    has_kustomization = any((here.parent / each).is_file() for each in KUSTOMIZATION_FILES)
    looked_at = here.parent if has_kustomization else here
    before = good.path / looked_at.relative_to(bad.path)
    return (not before.exists() or passes(before, location)) and not passes(looked_at, location)
