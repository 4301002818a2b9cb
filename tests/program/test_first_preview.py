"""The first preview of the whole program: complete, without a cluster, and it writes nothing anywhere."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from management_cluster import versions
from tests.program.conftest import Repository, config
from tests.program.project import Project
from tests.provider.azure import Azure

EXPECTED = (
    "azure-native:containerservice:ManagedCluster",
    "dynamic/slipway:ClusterApiProviders",
    "dynamic/slipway:FleetRepository",
    "kubernetes:apps/v1:Deployment",
    "kustomize.toolkit.fluxcd.io/v1:Kustomization",
)


def test_it_shows_everything_and_writes_nothing(project: Project, repository: Repository, azure: Azure) -> None:
    began = time.time()
    text = project.succeed("preview", "--diff")
    for kind in EXPECTED:
        assert kind in text
    for version in (versions.CLUSTER_API, versions.AZURE_PROVIDER, versions.FLUX):
        assert version in text
    assert [call for call in azure.calls(began) if call["method"] in {"PUT", "PATCH", "DELETE"}] == []
    assert repository.heads() == {}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("clusterctl", "`clusterctl` is not on the PATH: install it from https://"),
        ("flux", "`flux` is not on the PATH: install it from https://"),
        ("kubelogin", "`kubelogin` is not on the PATH: install it from https://"),
    ],
)
def test_a_missing_command_is_one_line_with_its_source(
    project: Project, tmp_path: Path, command: str, said: str
) -> None:
    text = _without(project, tmp_path / "bin", command).fail("preview")
    assert said in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("fluxVersion", "v2.0.0", f"flux on the PATH is {versions.FLUX}, but v2.0.0 is wanted"),
        ("clusterApiVersion", "v1.99.0", f"clusterctl on the PATH is {versions.CLUSTER_API}, but Cluster API v1.99.0"),
    ],
)
def test_a_command_of_another_release_is_one_line(
    project: Project, repository: Repository, key: str, value: str, said: str
) -> None:
    project.write(config(repository, **{key: value}))
    text = project.fail("preview")
    assert said in text
    assert "Traceback" not in text


def _without(project: Project, folder: Path, missing: str) -> Project:
    """The same project where one command is missing: a folder with all others is the PATH."""
    folder.mkdir()
    virtual_environment, *places = project.env["PATH"].split(os.pathsep)
    for command in (command for place in places for command in Path(place).glob("*")):
        other = folder / command.name
        if command.name == missing or other.exists():
            continue
        if command.name.startswith("pulumi") and not command.is_symlink():
            # The language host looks beside its own real path for its helpers.
            other.write_bytes(command.read_bytes())
            other.chmod(0o755)
        else:
            other.symlink_to(command)
    return Project(project.folder, {**project.env, "PATH": f"{virtual_environment}{os.pathsep}{folder}"})
