"""One simulated Azure and one Git server for all these tests; an empty stack and an empty repository for each."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_azure import git_server, instance
from local_azure.azure_native.install import install
from local_azure.command import run
from local_azure.machine import authority
from local_azure.toolchain import Toolchain, ensure
from tests.program.plane import HUB, ONLY_AZURE
from tests.program.project import STACK, Project
from tests.provider.azure import Azure, simulator

PASSWORD = "correct-horse-battery-staple"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the built toolchain."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.machine)


@dataclass(frozen=True)
class Repository:
    """A bare repository, where it lies and where it is served."""

    path: Path
    url: str

    def heads(self) -> dict[str, str]:
        """Commits by branch."""
        lines = run(["git", "-C", self.path, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"])
        return dict(line.split(" ") for line in lines.splitlines())


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    """The pinned tools; the stand-in provider is installed beside the Kubernetes provider."""
    built = ensure()
    install(built.bin)
    return built


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A simulated Azure without clusters."""
    with simulator(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """An empty repository behind https and a password."""
    (tmp_path / "git-password").write_text(PASSWORD)
    monkeypatch.setattr(git_server, "PASSWORD_FILE", tmp_path / "git-password")
    monkeypatch.setattr(git_server, "REPOSITORIES", tmp_path / "git")
    monkeypatch.setattr(authority, "ISSUED", tmp_path / "certificates")
    git_server.prepare("fleet")
    certificate, key = authority.issue("git-test", dns=[], ips=["127.0.0.1"])
    server = git_server.Server(("127.0.0.1", 0), certificate, key)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Repository(tmp_path / "git" / "fleet.git", f"https://127.0.0.1:{server.server_address[1]}/fleet.git")
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tools: Toolchain, azure: Azure, repository: Repository, tmp_path: Path) -> Project:
    """An empty stack whose environment leads to the simulated Azure and the Git server."""
    state = tmp_path / "state"
    state.mkdir()
    own = {
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), str(tools.bin), os.environ["PATH"]]),
        "VIRTUAL_ENV": sys.prefix,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PULUMI_HOME": str(instance.PULUMI_HOME),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_STACK": STACK,
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "XDG_CONFIG_HOME": str(tools.releases / "xdg"),
        "CLUSTERCTL_DISABLE_VERSIONCHECK": "true",
        "GIT_SSL_CAINFO": str(authority.CERTIFICATE),
        "SLIPWAY_GIT_USERNAME": git_server.USERNAME,
        "SLIPWAY_GIT_PASSWORD": PASSWORD,
    }
    project = Project(tmp_path / "project", {**os.environ, **azure.environment, **own})
    project.write(config(repository))
    project.succeed("stack", "init", STACK)
    return project


@pytest.fixture
def plane(project: Project, repository: Repository) -> Project:
    """A project whose program is the Azure side alone."""
    project.write(config(repository), program=ONLY_AZURE)
    return project


@pytest.fixture
def hub(azure: Azure) -> Iterator[str]:
    """A resource group of somebody else's, by its id, for what a stack names but does not make."""
    azure.arm.put(HUB, "2022-09-01", {"location": "westeurope"})
    yield HUB
    azure.arm.delete(HUB, "2022-09-01")


def config(repository: Repository, **changed: str) -> dict[str, Any]:
    """The settings of a small stack, some of ours changed."""
    small = {
        "azure-native:subscriptionId": instance.SUBSCRIPTION_ID,
        "azure-native:tenantId": instance.TENANT_ID,
        "slipway:location": "westeurope",
        "slipway:fleetUrl": repository.url,
        "slipway:protect": "false",
    }
    return small | {f"slipway:{key}": value for key, value in changed.items()}
