"""What pipelines install is what the program is tested with, and what was published."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from management_cluster import versions

ROOT = Path(__file__).parents[3]
PULUMI = next(
    line.removeprefix("pulumi==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "pulumi==" in line
)
CURL = """#!/bin/bash
while [ $# -gt 1 ]; do [ "$1" = --output ] && file=$2; shift; done
echo "$1" >> "$SERVED/asked"
cp "$SERVED/${1##*/}" "$file"
"""
"""In the place of the internet: the last argument's file, from a folder."""


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Releases as they are published, each command a script that says its name."""
    folder = tmp_path / "served"
    folder.mkdir()
    flux, archive = versions.FLUX.removeprefix("v"), f"pulumi-v{PULUMI}-linux-x64.tar.gz"
    _tar(folder / archive, "pulumi/pulumi", "pulumi/pulumi-language-python")
    _note(folder / archive, f"pulumi-{PULUMI}-checksums.txt")
    _tar(folder / f"flux_{flux}_linux_amd64.tar.gz", "flux")
    _note(folder / f"flux_{flux}_linux_amd64.tar.gz", f"flux_{flux}_checksums.txt")
    with zipfile.ZipFile(folder / "kubelogin-linux-amd64.zip", "w") as kubelogin:
        kubelogin.writestr("bin/linux_amd64/kubelogin", "#!/bin/sh\n")
    _note(folder / "kubelogin-linux-amd64.zip", "kubelogin-linux-amd64.zip.sha256")
    (folder / "clusterctl-linux-amd64").write_text(f"#!/bin/sh\necho {versions.CLUSTER_API}\n")
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    return folder


def _tar(file: Path, *members: str) -> None:
    with tarfile.open(file, "w:gz") as archive:
        for name in members:
            content = b"#!/bin/sh\n"
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(content), 0o755
            archive.addfile(about, io.BytesIO(content))


def _note(file: Path, checksums: str) -> None:
    (file.parent / checksums).write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")


def install(served: Path) -> subprocess.CompletedProcess[str]:
    """Run .ci/tools where only these releases are published."""
    return subprocess.run(
        [ROOT / ".ci/tools", served.parent / "tools"],
        env={"PATH": f"{served.parent}:{os.environ['PATH']}", "SERVED": str(served)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_pulumi_is_of_its_sdks_release_and_all_tools_are_there(served: Path) -> None:
    done = install(served)
    assert done.returncode == 0, done.stderr
    there = {file.name for file in (served.parent / "tools").iterdir()}
    assert there == {"pulumi", "pulumi-language-python", "clusterctl", "flux", "kubelogin"}
    assert f"https://github.com/pulumi/pulumi/releases/download/v{PULUMI}/" in (served / "asked").read_text()


@pytest.mark.parametrize("name", [f"pulumi-v{PULUMI}-linux-x64.tar.gz", "kubelogin-linux-amd64.zip"])
def test_what_was_changed_since_is_not_installed(served: Path, name: str) -> None:
    if name.endswith(".zip"):
        with zipfile.ZipFile(served / name, "a") as archive:
            archive.writestr("malware", "")
    else:
        _tar(served / name, "pulumi/malware")
    done = install(served)
    assert done.returncode != 0
    assert "did NOT match" in done.stderr
    assert not (served.parent / "tools" / "malware").exists()


def test_nor_what_nobody_noted(served: Path) -> None:
    (served / f"pulumi-{PULUMI}-checksums.txt").write_text(f"{'0' * 64}  another.tar.gz\n")
    assert install(served).returncode != 0
    assert not list((served.parent / "tools").iterdir())
