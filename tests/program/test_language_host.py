"""The local Azure's language host does what a project's `runtime` says, as upstream's does."""

from __future__ import annotations

import os

from tests.program.conftest import Repository, config
from tests.program.project import Project

SAYS_ITS_PYTHON = "import sys, pulumi; pulumi.export('prefix', sys.prefix)"


def test_a_project_runs_in_its_virtual_environment_without_one_being_activated(
    project: Project, repository: Repository
) -> None:
    _, *rest = project.env["PATH"].split(os.pathsep)
    bare = {**project.env, "PATH": os.pathsep.join(rest)}
    del bare["VIRTUAL_ENV"]
    plain = Project(project.folder, bare)
    plain.write(config(repository), program=SAYS_ITS_PYTHON)
    plain.succeed("up", "--yes", "--skip-preview")
    assert plain.outputs()["prefix"] == str(project.folder / ".venv")


def test_a_missing_virtual_environment_is_one_line(project: Project) -> None:
    (project.folder / ".venv").unlink()
    text = project.fail("preview")
    assert f"{project.folder}/.venv is no virtual environment" in text
    assert "Traceback" not in text


def test_it_tells_which_python_and_packages_a_project_has(project: Project) -> None:
    text = project.succeed("about")
    assert str(project.folder / ".venv") in text
    assert "pulumi-azure-native" in text.replace("_", "-")


def test_install_makes_the_virtual_environment_and_what_the_project_names(project: Project) -> None:
    (project.folder / ".venv").unlink()
    (project.folder / "requirements.txt").write_text("iniconfig==2.1.0\n")
    text = project.succeed("install")
    assert "Successfully installed iniconfig-2.1.0" in text
    assert list((project.folder / ".venv" / "lib").glob("python3*/site-packages/iniconfig"))


def test_what_cannot_be_installed_is_told_by_pip(project: Project) -> None:
    (project.folder / ".venv").unlink()
    (project.folder / "requirements.txt").write_text("./nowhere\n")
    text = project.fail("install")
    assert "nowhere" in text
    assert "pip install --requirement requirements.txt` ended with code 1" in text
