"""One simulator and one Pulumi home for all these tests, a stack for each."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.azure_native.install import install
from local_azure.toolchain import ensure
from tests.provider.azure import Azure, simulator
from tests.provider.engine import Engine


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the `pulumi` on the PATH, else the toolchain's."""
    found = shutil.which("pulumi")
    return Path(found).parent if found else ensure().bin


@pytest.fixture(scope="session")
def pulumi_home(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Pulumi home with the stand-in in it."""
    home = tmp_path_factory.mktemp("pulumi-home")
    assert install(tools, home)
    return home


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with simulator(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture
def engine(tools: Path, pulumi_home: Path, azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An empty stack, its state in a folder of its own."""
    environment = {
        **azure.environment,
        "PULUMI_HOME": str(pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Engine(f"test-{uuid.uuid4().hex[:8]}", environment, tmp_path)
