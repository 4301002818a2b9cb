"""Release documents: images as released, templates turned back, clusterctl's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_azure.errors import LocalAzureError
from local_azure.toolchain import azure_service_operator, cluster_api, prepare, releases

VERSIONS = {"cluster-api": "v1.12.8", "cluster-api-provider-azure": "v1.23.1", "cert-manager": "v1.11.5"}


def patches(folder: Path, image: str) -> Path:
    (folder / "manager_image_patch.yaml").write_text(f"      - image: {image}\n        name: manager\n")
    (folder / "manager_pull_policy.yaml").write_text("        imagePullPolicy: Always\n")
    return folder


@pytest.mark.parametrize("project", ["cluster-api", "cluster-api-azure"])
def test_a_release_names_the_released_image_and_does_not_pull_it_again(tmp_path: Path, project: str) -> None:
    folder = patches(tmp_path, f"gcr.io/k8s-staging-{project}/{project}-controller:main")
    cluster_api.set_release_image(folder, "v1.2.3")
    released = f"image: registry.k8s.io/{project}/{project}-controller:v1.2.3\n"
    assert released in (folder / "manager_image_patch.yaml").read_text()
    assert "imagePullPolicy: IfNotPresent" in (folder / "manager_pull_policy.yaml").read_text()


def test_an_image_at_an_unknown_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalAzureError, match="no staging image"):
        cluster_api.set_release_image(patches(tmp_path, "example.org/manager:main"), "v1.2.3")


def test_a_chart_template_becomes_what_the_chart_was_made_of() -> None:
    template = (
        "{{- if .Values.x }}\nkind: ClusterRole\nmetadata:\n  name: azureserviceoperator-manager-role\n"
        "  namespace: {{ .Release.Namespace }}\n{{- end }}\n"
    )
    expected = "kind: ClusterRole\nmetadata:\n  name: manager-role\n  namespace: system\n"
    assert azure_service_operator.as_before_charting(template) == expected


def test_a_generated_crd_gets_what_shipped_ones_have() -> None:
    shipped = {
        "metadata": {
            "labels": {"app.kubernetes.io/name": "aso", "app.kubernetes.io/version": "v1"},
            "annotations": {"cert-manager.io/inject-ca-from": "a/b", "other": "1"},
        },
        "spec": {"conversion": {"strategy": "Webhook"}},
    }
    generated = {"metadata": {"name": "x", "annotations": {"generator": "v0"}}, "spec": {"group": "g"}}
    assert azure_service_operator.complete(generated, like=shipped, version="v2") == {
        "metadata": {
            "name": "x",
            "labels": {"app.kubernetes.io/name": "aso", "app.kubernetes.io/version": "v2"},
            "annotations": {"generator": "v0", "cert-manager.io/inject-ca-from": "a/b"},
        },
        "spec": {"group": "g", "conversion": {"strategy": "Webhook"}},
    }


def test_clusterctl_finds_every_provider_in_the_layout_it_requires() -> None:
    configuration = releases.clusterctl_configuration(Path("/releases"), VERSIONS)
    providers = configuration["providers"]
    assert isinstance(providers, list)
    assert {(provider["type"], provider["url"]) for provider in providers} == {
        ("CoreProvider", "/releases/cluster-api/v1.12.8/core-components.yaml"),
        ("BootstrapProvider", "/releases/bootstrap-kubeadm/v1.12.8/bootstrap-components.yaml"),
        ("ControlPlaneProvider", "/releases/control-plane-kubeadm/v1.12.8/control-plane-components.yaml"),
        ("InfrastructureProvider", "/releases/infrastructure-azure/v1.23.1/infrastructure-components.yaml"),
    }
    assert configuration["CLUSTER_TOPOLOGY"] == "true"


def test_fluxs_bases_take_a_releases_documents_from_beside_them() -> None:
    base = (
        "resources:\n- https://example.org/v1/x.crds.yaml\n- https://example.org/v1/x.deployment.yaml\n- account.yaml\n"
    )
    assert prepare._local_resources(base) == "resources:\n- crds.yaml\n- deployment.yaml\n- account.yaml\n"
