"""Installs the stand-in as plugin `resource-azure-native-v3.29.0` of a Pulumi home of its own.

The plugin is complete in its folder: our code, the generated table, gRPC and urllib3. So it starts without a virtual
environment, and a checkout that goes away takes nothing from another one that shares the cache.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from py_compile import PycInvalidationMode

from local_azure import engine_gone
from local_azure.azure_native import VERSION
from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE, PULUMI_HOME

NAME = "pulumi-resource-azure-native"
KEY_FILE = "built-from"
CARRIED = ("grpc", "google.protobuf", "google._upb._message", "urllib3", "typing_extensions", "pulumi.runtime.proto")
"""Packages and modules the running plugin needs; the parents of dotted ones become empty packages, quick to import."""

PACKAGES = (
    *("grpcio", "protobuf", "urllib3", "typing_extensions", "pulumi", "pulumi-azure-native"),
    *("azure-mgmt-authorization", "azure-mgmt-containerregistry", "azure-mgmt-containerservice"),
    *("azure-mgmt-monitor", "azure-mgmt-msi", "azure-mgmt-network", "azure-mgmt-resource"),
)
"""What the plugin and its table are made from."""

LAUNCHER = """#!/bin/sh
# The local Azure's stand-in for the azure-native provider: not Pulumi's plugin, and never for the real Azure.
here=$(dirname "$(readlink -f "$0")")
PYTHONPATH="$here/site" exec {python} -S -m local_azure.azure_native "$here/table.json" "$@"
"""


def install(tools: Path, home: Path = PULUMI_HOME) -> bool:
    """Puts the plugin into the Pulumi home `home`, by the command `pulumi` in the folder `tools`.

    Returns whether it had to: not if it is there, built from the same.

    Raises:
        LocalAzureError: a Python package is missing, or Pulumi refuses.
    """
    wanted = key()
    folder = plugin_folder(home)
    if (folder / KEY_FILE).is_file() and (folder / KEY_FILE).read_text(encoding="utf-8") == wanted:
        return False
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="azure-native-", dir=CACHE) as prepared:
        prepare(Path(prepared))
        (Path(prepared) / KEY_FILE).write_text(wanted, encoding="utf-8")
        _hand_over(tools / "pulumi", Path(prepared), home)
    return True


def plugin_folder(home: Path = PULUMI_HOME) -> Path:
    """Where Pulumi keeps the plugin."""
    return home / "plugins" / f"resource-azure-native-v{VERSION}"


def key() -> str:
    """A hash of all the plugin is made from: our sources, the packages' versions, the interpreter."""
    digest = hashlib.sha256(f"{interpreter()} {sys.version}".encode())
    for source in (*_sources(), Path(engine_gone.__file__)):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    for package in PACKAGES:
        digest.update(f"{package}=={version(package)}".encode())
    return digest.hexdigest()


def _sources() -> list[Path]:
    return sorted(Path(__file__).parent.glob("*.py"))


def interpreter() -> Path:
    """The Python below the virtual environment; it stays when a checkout goes."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def prepare(folder: Path) -> None:
    """Fills `folder` with what the plugin needs to run."""
    # Microsoft's SDKs are imported here only: a plugin that is installed already must not cost their time.
    from local_azure.azure_native import generate  # noqa: PLC0415

    (folder / "table.json").write_text(json.dumps(generate.table(), separators=(",", ":")), encoding="utf-8")
    site = folder / "site"
    for name in CARRIED:
        carry(name, site)
    own = site / "local_azure" / "azure_native"
    own.mkdir(parents=True)
    (own.parent / "__init__.py").touch()
    for source in _sources():
        shutil.copyfile(source, own / source.name)
    carry(engine_gone.__name__, site)
    # Unchecked: Pulumi's copy has other times than the original.
    compileall.compile_dir(site, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    launcher = folder / NAME
    launcher.write_text(LAUNCHER.format(python=shlex.quote(str(interpreter()))), encoding="utf-8")
    launcher.chmod(0o755)


def carry(name: str, site: Path) -> None:
    """Copies a package or module of this virtual environment."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalAzureError(f"the Python package {name} is missing", "pip install -r requirements-dev.txt")
    origin, target = Path(spec.origin), site.joinpath(*name.split("."))
    target.parent.mkdir(parents=True, exist_ok=True)
    if name.startswith("pulumi."):
        for parent in (site / "pulumi", site / "pulumi" / "runtime"):
            (parent / "__init__.py").touch()
    if origin.name == "__init__.py":
        shutil.copytree(origin.parent, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyi", "testing"))
    elif origin.suffix == ".so":
        shutil.copyfile(origin, target.parent / origin.name)
    else:
        shutil.copyfile(origin, target.with_suffix(origin.suffix))


def _hand_over(pulumi: Path, prepared: Path, home: Path) -> None:
    """Lets Pulumi install what was prepared."""
    command = [str(pulumi), "plugin", "install", "resource", "azure-native", f"v{VERSION}", "--file", str(prepared)]
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run(
        [*command, "--reinstall"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise LocalAzureError(
            f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()}",
            f"remove {plugin_folder(home)} and run it again",
        )
