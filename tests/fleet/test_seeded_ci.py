"""The CI that a fleet repository is seeded with: pinned, with few rights, and of steps that run."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet import __main__ as commands
from fleet import seed
from fleet.plan.markdown import MARKER
from management_cluster import versions

GITHUB = seed.ROOT / ".github/workflows/pull-request.yaml"
AZURE = seed.ROOT / ".azuredevops/pull-request.yaml"
BOTH = pytest.mark.parametrize("file", [GITHUB, AZURE], ids=["github", "azure"])


def steps() -> list[dict[str, Any]]:
    """Of all jobs of the workflow."""
    jobs = yaml.safe_load(GITHUB.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def scripts(file: Path) -> list[str]:
    """What is run by a shell."""
    parsed = yaml.safe_load(file.read_text())
    found = steps() if file == GITHUB else parsed["steps"]
    return [text for step in found if (text := step.get("run") or step.get("script"))]


def test_the_seed_has_both() -> None:
    assert {".github/workflows/pull-request.yaml", ".azuredevops/pull-request.yaml"} <= seed.files().keys()


def test_a_linter_of_workflows_has_nothing_to_say() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    command = [str(zizmor), "--offline", "--persona", "pedantic", "--no-progress", str(GITHUB.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_actions_are_pinned_to_commits() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", each) for each in used)


def test_what_reads_the_pull_request_cannot_write() -> None:
    workflow = yaml.safe_load(GITHUB.read_text())
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert workflow["permissions"] == {}
    assert rights == {"plan": {"contents": "read"}, "comment": {"pull-requests": "write"}}
    assert not any("uses" in step for step in workflow["jobs"]["comment"]["steps"])


@BOTH
def test_no_value_of_a_pull_request_is_pasted_into_a_script(file: Path) -> None:
    assert not [script for script in scripts(file) if "${{" in script or "$(System" in script]


@BOTH
def test_scripts_are_what_a_shell_can_read(file: Path) -> None:
    for script in scripts(file):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False, timeout=10)
        assert done.returncode == 0, done.stderr


@BOTH
def test_its_commands_exist(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = set(re.findall(r"slipway-fleet (\w+)", file.read_text()))
    assert used == {"validate", "plan"}
    for command in used:
        with pytest.raises(SystemExit) as ended:
            commands.main([command, "--help"])
        assert ended.value.code == 0
    assert "usage" in capsys.readouterr().out


@BOTH
def test_its_tools_are_those_of_the_program(file: Path) -> None:
    text = file.read_text()
    assert f"FLUX: {versions.FLUX.removeprefix('v')}\n" in text
    assert f"CLUSTERCTL: {versions.CLUSTER_API.removeprefix('v')}\n" in text


@BOTH
def test_it_installs_what_the_owner_names_and_asks_for_it_where_nobody_did(file: Path, tmp_path: Path) -> None:
    (script,) = [each for each in scripts(file) if 'pip install "$SLIPWAY"' in each]
    command = [str(shutil.which("bash")), "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    # Without any other command: it is asked for before anything is downloaded.
    environment = {"PATH": str(tmp_path), "AGENT_TEMPDIRECTORY": str(tmp_path), "SLIPWAY": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=10)
    assert done.returncode == 1
    assert "variable SLIPWAY: git+https://<your copy of Slipway>@<commit>" in done.stdout
    assert "slipway==" not in file.read_text()


def test_what_is_downloaded_is_compared_with_a_checksum(tmp_path: Path) -> None:
    """The step that installs, with a `gh` that downloads the same as GitHub, and then something else."""
    (script,) = [each for each in scripts(GITHUB) if "gh release download" in each]
    checks = script.partition("tar --extract")[0]
    assert _install(checks, tmp_path / "same", downloaded="clusterctl", noted="clusterctl") == 0
    assert _install(checks, tmp_path / "other", downloaded="malware", noted="clusterctl") != 0
    assert _install(checks, tmp_path / "unknown", downloaded="clusterctl", noted="") != 0


def _install(script: str, folder: Path, downloaded: str, noted: str) -> int:
    """Its exit code, as GitHub's shell runs it."""
    folder.mkdir()
    digest = f"sha256:{hashlib.sha256(noted.encode()).hexdigest()}" if noted else ""
    archive = f"{hashlib.sha256(b'flux').hexdigest()}  flux_1_linux_amd64.tar.gz"
    gh = folder / "gh"
    gh.write_text(
        f"#!/bin/sh\nif [ $1 = api ]; then echo {digest}; exit; fi\ncd {folder}\n"
        f"printf flux > flux_1_linux_amd64.tar.gz; echo '{archive}' > flux_1_checksums.txt\n"
        f"printf {downloaded} > clusterctl-linux-amd64\n"
    )
    gh.chmod(0o755)
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "RUNNER_TEMP": str(folder),
        "FLUX": "1",
        "CLUSTERCTL": "1",
        "SLIPWAY": "x",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=10).returncode


@BOTH
def test_the_comment_is_found_again_by_its_marker(file: Path) -> None:
    assert f'startswith("{MARKER}")' in file.read_text()
