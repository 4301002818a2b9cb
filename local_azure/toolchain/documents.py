"""The files of the modules that releases are rendered from, kept when the module cache goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from local_azure.command import run
from local_azure.errors import LocalAzureError
from local_azure.toolchain.go import Go
from local_azure.toolchain.recipe import MODULES, Document

ASO = "github.com/Azure/azure-service-operator/v2/api"
ASO_GROUPS = ("authorization", "dbforpostgresql", "keyvault", "managedidentity", "storage")
"""Groups of Azure Service Operator whose CRDs Cluster API's Azure provider does not ship.

Which of their kinds are installed, the program says."""

GENERATED_CRDS = "azure-service-operator-generated"


def collect(documents: Sequence[Document], target: Path, go: Go, progress: Callable[[str], None]) -> None:
    """Copy what each document keeps to target/<name>/.

    Raises:
        LocalAzureError: a module cannot be had, or lacks a file that is to be kept.
    """
    for document in documents:
        progress(document.path)
        source = go.module_folder(MODULES / document.module, document.path)
        for name in document.keep:
            copy(source / name, target / document.name / name)
        for name in document.executable:
            (target / document.name / name).chmod(0o755)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder out of the module cache, where everything is read-only, as writable files."""
    if not source.exists():
        raise LocalAzureError(f"{source} is not in the published module", "is its pin in tools.toml still right?")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copyfile(source, target)
        return
    shutil.copytree(source, target, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)


def generate_azure_crds(target: Path, controller_gen: Path, go: Go) -> None:
    """Generate the CRDs of ASO_GROUPS, which upstream generates before it builds, from the types of the pinned module.

    The conversion webhook, names and labels are added when releases are rendered.
    """
    target.mkdir(parents=True, exist_ok=True)
    paths = [f"paths={ASO}/{group}/..." for group in ASO_GROUPS]
    run(
        [controller_gen, "crd:crdVersions=v1,allowDangerousTypes=true", *paths, f"output:crd:dir={target}"],
        cwd=MODULES / "azure-service-operator",
        env={**go.environment(), "PATH": f"{go.program.parent}:/usr/bin:/bin"},
        timeout=900,
    )
