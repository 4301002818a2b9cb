"""`pulumi new` makes a project of this repository, and asks for what has no default."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import yaml

from infra.settings import Settings
from tests.program.project import CHECKOUT, Project

ANSWERS = {
    "azure-native:subscriptionId": "5b5c0000-0000-4000-8000-000000000001",
    "azure-native:tenantId": "7e4a0000-0000-4000-8000-000000000001",
    "slipway:fleetUrl": "https://git.example/fleet.git",
    "slipway:gitPassword": "a token",
}


def test_a_new_project_is_a_copy_of_this_one(project: Project, tmp_path: Path) -> None:
    template, made = _checked_in(tmp_path / "template"), tmp_path / "made"
    made.mkdir()
    command = ["pulumi", "new", str(template), "--dir", str(made), "--generate-only", "--yes", "--color=never"]
    done = subprocess.run(command, env=dict(project.env), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Created project 'slipway'" in done.stdout
    different = {path for path in _files(template) if (made / path).read_bytes() != (template / path).read_bytes()}
    assert different == {Path("Pulumi.yaml")}
    before, after = (yaml.safe_load((folder / "Pulumi.yaml").read_text()) for folder in (template, made))
    del before["template"]
    assert after["config"].pop("pulumi:tags") == {"value": {"pulumi:template": str(template)}}
    assert after == before


def test_its_answers_are_a_stack() -> None:
    asked = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())["template"]["config"]
    given = {key: about.get("default") or ANSWERS[key] for key, about in asked.items()}
    secret = [key for key, about in asked.items() if about.get("secret")]
    assert Settings.parse(given, stack="dev", secret_keys=secret).azure.name == "dev"


def _checked_in(folder: Path) -> Path:
    """What a clone of the repository has."""
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda each: os.path.lexists(CHECKOUT / each), listed.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, folder / name, follow_symlinks=False)
    return folder


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
