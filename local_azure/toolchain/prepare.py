"""Files that a published module leaves out, and that upstream's own build makes first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_azure.command import run
from local_azure.errors import LocalAzureError
from local_azure.toolchain.documents import copy
from local_azure.toolchain.go import SETTINGS, Go

FLUX_CONTROLLERS = ("source-controller", "kustomize-controller", "helm-controller", "notification-controller")
FLUX_BEFORE = {
    "source-controller": ("v1.9.5", "v1.9.4"),
    "kustomize-controller": ("v1.9.5", "v1.9.4"),
    "helm-controller": ("v1.6.4", "v1.6.3"),
    "notification-controller": ("v1.9.3", "v1.9.2"),
}
"""Tags in the manifests, and those of the release before."""

FLUX = "github.com/fluxcd/flux2/v2"
PULUMI_KUBERNETES = "github.com/pulumi/pulumi-kubernetes/provider/v4"


@dataclass(frozen=True)
class Materials:
    """What preparing may need: the folder of the build, Go, the kept documents, kustomize, the tool's version."""

    folder: Path
    go: Go
    documents: Path
    kustomize: Path
    version: str


def pulumi_kubernetes_schema(materials: Materials) -> None:
    """The two documents that the provider embeds, its schema stamped with the version.

    As `make k8sprovider` does: https://github.com/pulumi/pulumi-kubernetes/blob/v4.25.0/Makefile
    """
    source = materials.go.module_folder(materials.folder, PULUMI_KUBERNETES) / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((source / "schema.json").read_text())
    schema["version"] = materials.version.removeprefix("v")
    (materials.folder / "schema.json").write_text(json.dumps(schema))
    copy(source / "terraform-mapping.json", materials.folder / "terraform-mapping.json")


def flux_manifests(materials: Materials) -> None:
    """The manifests that the `flux` command embeds, from the controllers' own configuration.

    As upstream's script does from release downloads:
    https://github.com/fluxcd/flux2/blob/v2.9.5/manifests/scripts/bundle.sh
    """
    source = materials.folder / "flux2"
    copy(materials.go.module_folder(materials.folder, FLUX), source)
    embedded = source / "cmd" / "flux" / "manifests"
    embedded.mkdir()
    for controller in FLUX_CONTROLLERS:
        base = source / "manifests" / "bases" / controller
        config = materials.documents / controller / "config"
        (base / "crds.yaml").write_text(_build(materials, config / "crd"))
        (base / "deployment.yaml").write_text(_build(materials, config / "manager"))
        kustomization = base / "kustomization.yaml"
        kustomization.write_text(_local_resources(kustomization.read_text()))
        (embedded / f"{controller}.yaml").write_text(_build(materials, base))
    for name in ("rbac", "policies"):
        (embedded / f"{name}.yaml").write_text(_build(materials, source / "manifests" / name))
    run(
        [materials.go.program, "mod", "edit", f"-replace={FLUX}=./flux2"],
        cwd=materials.folder,
        env={**SETTINGS},
    )


def flux_manifests_previous(materials: Materials) -> None:
    """The same, naming the images of the release before."""
    flux_manifests(materials)
    for controller, (tag, previous) in FLUX_BEFORE.items():
        file = materials.folder / "flux2" / "cmd" / "flux" / "manifests" / f"{controller}.yaml"
        image = f"fluxcd/{controller}:"
        text = file.read_text()
        if image + tag not in text:
            raise LocalAzureError(f"the manifests of Flux have no image {image}{tag}", "see FLUX_BEFORE in prepare.py")
        file.write_text(text.replace(image + tag, image + previous))


def _local_resources(kustomization: str) -> str:
    """The base with the two documents of a release beside it instead of their download addresses."""
    return re.sub(r"https://\S+\.(crds|deployment)\.yaml", r"\1.yaml", kustomization)


def _build(materials: Materials, folder: Path) -> str:
    return run([materials.kustomize, "build", folder])


STEPS: dict[str, Callable[[Materials], None]] = {
    "pulumi_kubernetes_schema": pulumi_kubernetes_schema,
    "flux_manifests": flux_manifests,
    "flux_manifests_previous": flux_manifests_previous,
}
