"""A fleet repository's CI needs `pip install` of this project and the command flux, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from fleet import seed
from tests.fleet.pull_requests import Repository

CHECKOUT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "local_azure", "__pycache__", "build", "*.egg-info")


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command away from this checkout, so that only what was installed is found."""
    environment = {**os.environ, **env}
    environment.pop("PYTHONPATH", None)
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what a release has."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(CHECKOUT, folder / "source", symlinks=True, ignore=LEFT_OUT)
    shutil.copytree(seed.ROOT, folder / "source/fleet/repository", dirs_exist_ok=True)
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--wheel-dir", str(folder)]
    built = run(sys.executable, "-m", "pip", "wheel", *offline, "./source", cwd=folder)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def test_a_fresh_environment_plans_and_validates_by_the_installed_command(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    # Offline: the dependencies are those of this environment, whose own folder comes after the fresh one's.
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    site = next(environment.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("tests", "local_azure", "infra"))]
    target = ["--target", str(site), "--no-deps", "--no-index", "--quiet"]
    assert run(sys.executable, "-m", "pip", "install", *target, wheel, cwd=tmp_path).returncode == 0
    (site / "dependencies.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")))
    repository = Repository(tmp_path)
    repository.branch()
    repository.cluster("shop", ("replicas: 1", "replicas: 3"))
    repository.commit("Scale")

    program = "import sys; from fleet.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = run(environment / "bin/python", "-c", program, "plan", "--format", "markdown", cwd=repository.path)
    assert done.returncode == 0, done.stderr
    assert "1 cluster changed in dev: +2 nodes" in done.stdout
    done = run(environment / "bin/python", "-c", program, "validate", "--since", "main", cwd=repository.path)
    assert (done.returncode, done.stdout.startswith("No mistakes: ")) == (0, True), done.stderr or done.stdout
    where = run(environment / "bin/python", "-c", "import fleet; print(fleet.__file__)", cwd=repository.path)
    assert where.stdout.startswith(str(site))


def test_the_wheel_has_the_command_and_the_seed_with_its_hidden_folders(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        scripts = next(name for name in names if name.endswith("entry_points.txt"))
        assert "slipway-fleet = fleet.__main__:main" in archive.read(scripts).decode()
    assert {f"fleet/repository/{path}" for path in seed.files()} <= names


def test_the_wheel_is_not_called_as_somebody_elses_package_and_no_index_takes_it(wheel: Path) -> None:
    assert wheel.name.startswith("slipway_fleet-")
    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in archive.namelist() if name.endswith("METADATA"))
        assert "Classifier: Private :: Do Not Upload" in archive.read(about).decode()


def test_what_is_installed_has_the_versions_that_are_tested() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert set(project["dependencies"]) <= set((CHECKOUT / "requirements.txt").read_text().splitlines())
