"""The components files of Cluster API and of its Azure provider, as their `make release-manifests` renders them."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from local_azure.command import run
from local_azure.errors import LocalAzureError

STAGING = re.compile(r"gcr\.io/k8s-staging-(cluster-api(?:-azure)?)/([a-z-]+):main")


def components(config: Path, version: str, kustomize: Path) -> str:
    """The components of one provider.

    Args:
        config: its `config` folder; not changed.

    Raises:
        LocalAzureError: the image is not set where upstream's release script would set it.
    """
    with tempfile.TemporaryDirectory() as work:
        copied = Path(shutil.copytree(config, Path(work) / "config"))
        set_release_image(copied / "default", version)
        return run([kustomize, "build", copied / "default"])


def azure_components(config: Path, version: str, operator_version: str, operator: str, kustomize: Path) -> str:
    """The components of the Azure provider, which contain Azure Service Operator's own manifest `operator`.

    Upstream downloads that manifest from the operator's release while building.
    """
    with tempfile.TemporaryDirectory() as work:
        copied = Path(shutil.copytree(config, Path(work) / "config"))
        set_release_image(copied / "capz", version)
        name = f"azureserviceoperator_{operator_version}.yaml"
        (copied / "aso" / name).write_text(operator)
        kustomization = copied / "aso" / "kustomization.yaml"
        text, found = re.subn(rf"https://\S+/{re.escape(name)}", name, kustomization.read_text())
        if found != 1:
            raise LocalAzureError(f"the Azure provider {version} does not contain the operator {operator_version}")
        kustomization.write_text(text)
        return run([kustomize, "build", copied / "default"])


def set_release_image(folder: Path, version: str) -> None:
    """What `make manifest-modification` does: the released image, pulled if not present.

    https://github.com/kubernetes-sigs/cluster-api/blob/v1.12.8/Makefile
    """
    image = folder / "manager_image_patch.yaml"
    text, found = STAGING.subn(rf"registry.k8s.io/\1/\2:{version}", image.read_text())
    if found != 1:
        raise LocalAzureError(f"{image} names no staging image of Cluster API")
    image.write_text(text)
    policy = folder / "manager_pull_policy.yaml"
    policy.write_text(policy.read_text().replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"))
