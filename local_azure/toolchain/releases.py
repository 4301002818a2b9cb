"""The documents that upstream projects publish for download, rendered offline from their modules' own sources.

<provider>/<version>/…    a clusterctl local repository: https://cluster-api.sigs.k8s.io/clusterctl/provider-contract
cert-manager/…            for clusterctl's cert-manager settings
flux/                     gotk-components.yaml, which is all of the artifact `flux-manifests`
azure-service-operator-crds/   for the operator's image
xdg/cluster-api/clusterctl.yaml   the ordinary configuration file, which makes clusterctl use the above
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from local_azure.command import run
from local_azure.toolchain import azure_service_operator, cert_manager, cluster_api
from local_azure.toolchain.layout import Layout

FLUX = "flux"
AZURE_CRDS = "azure-service-operator-crds"


@dataclass(frozen=True)
class Provider:
    """One entry of clusterctl.yaml: `folder` and `file` are fixed by clusterctl's contract."""

    name: str
    type: str
    folder: str
    file: str


CORE = Provider("cluster-api", "CoreProvider", "cluster-api", "core-components.yaml")
BOOTSTRAP = Provider("kubeadm", "BootstrapProvider", "bootstrap-kubeadm", "bootstrap-components.yaml")
CONTROL_PLANE = Provider("kubeadm", "ControlPlaneProvider", "control-plane-kubeadm", "control-plane-components.yaml")
AZURE = Provider("azure", "InfrastructureProvider", "infrastructure-azure", "infrastructure-components.yaml")


def render(layout: Layout, target: Path, waiting: Callable[[str], None]) -> None:
    """Render everything into `target`, which later is `layout.releases`.

    Raises:
        LocalAzureError: a module's files are not as this code knows them.
    """
    version = {tool.name: tool.version for tool in layout.recipe.tool}
    kustomize = layout.program("kustomize")
    for name in ("cluster-api", "cluster-api-previous"):
        waiting(f"Cluster API {version[name]}")
        sources = layout.documents / name
        for provider, config in (
            (CORE, "config"),
            (BOOTSTRAP, "bootstrap/kubeadm/config"),
            (CONTROL_PLANE, "controlplane/kubeadm/config"),
        ):
            components = cluster_api.components(sources / config, version[name], kustomize)
            _publish(target, provider, version[name], components, sources / "metadata.yaml")
    waiting("Cluster API's Azure provider with Azure Service Operator")
    azure = layout.documents / "cluster-api-provider-azure"
    operator = azure_service_operator.manifest(layout.documents, version["azure-service-operator"], kustomize)
    components = cluster_api.azure_components(
        azure / "config", version[azure.name], version["azure-service-operator"], operator, kustomize
    )
    _publish(target, AZURE, version[azure.name], components, azure / "metadata.yaml")
    azure_service_operator.write_crds(layout.documents, version["azure-service-operator"], target / AZURE_CRDS)
    waiting("cert-manager")
    manifest = _new(target / "cert-manager" / version["cert-manager"] / "cert-manager.yaml")
    manifest.write_text(
        cert_manager.manifest(
            layout.documents / "cert-manager", version["cert-manager"], version["kubernetes"], layout.program("helm")
        )
    )
    waiting("Flux")
    _new(target / FLUX / "gotk-components.yaml").write_text(run([layout.program("flux"), "install", "--export"]))
    configuration = yaml.safe_dump(clusterctl_configuration(layout.releases, version), sort_keys=False)
    _new(target / "xdg" / "cluster-api" / "clusterctl.yaml").write_text(configuration)


def clusterctl_configuration(releases: Path, version: dict[str, str]) -> dict[str, object]:
    """clusterctl's own configuration file: https://cluster-api.sigs.k8s.io/clusterctl/configuration

    A URL names the newest version; older ones are found beside it.
    """
    newest = {CORE: "cluster-api", BOOTSTRAP: "cluster-api", CONTROL_PLANE: "cluster-api"}
    newest[AZURE] = "cluster-api-provider-azure"
    cert_manager_version = version["cert-manager"]
    return {
        "providers": [
            {
                "name": provider.name,
                "type": provider.type,
                "url": str(releases / provider.folder / version[tool] / provider.file),
            }
            for provider, tool in newest.items()
        ],
        "cert-manager": {
            "url": str(releases / "cert-manager" / cert_manager_version / "cert-manager.yaml"),
            "version": cert_manager_version,
            "timeout": "5m",
        },
        "CLUSTER_TOPOLOGY": "true",
        "EXP_MACHINE_POOL": "true",
    }


def _publish(target: Path, provider: Provider, version: str, components: str, metadata: Path) -> None:
    file = _new(target / provider.folder / version / provider.file)
    file.write_text(components)
    (file.parent / "metadata.yaml").write_bytes(metadata.read_bytes())


def _new(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
