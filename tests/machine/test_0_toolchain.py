"""What was built: programs that tell their versions, releases that clusterctl takes, images for all that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local_azure.command import run
from local_azure.machine import authority
from local_azure.toolchain import Toolchain, ensure, recipe
from local_azure.toolchain.registry_storage import serving
from management_cluster.clusterctl import AZURE_KINDS

pytestmark = pytest.mark.machine

OFFLINE = {"GOPROXY": "off", "CLUSTERCTL_DISABLE_VERSIONCHECK": "true", "KUBECONFIG": "/dev/null"}


@pytest.fixture(name="tools", scope="module")
def _tools() -> Toolchain:
    return ensure()


@pytest.fixture(name="registry", scope="module")
def _registry(tools: Toolchain) -> Iterator[str]:
    with serving(tools.bin / "registry", tools.registry) as address:
        yield address


def documents(file: Path) -> list[dict[str, object]]:
    return [document for document in yaml.load_all(file.read_text(), yaml.CSafeLoader) if document]


@pytest.mark.parametrize(
    ("argv", "version"),
    [
        (["kubectl", "version", "--client"], "kubernetes"),
        (["kubelet", "--version"], "kubernetes"),
        (["kube-apiserver", "--version"], "kubernetes"),
        (["v1.36.2/kube", "kubelet", "--version"], "kubernetes-previous"),
        (["kustomize", "version"], "kustomize"),
        (["kubeconform", "-v"], "kubeconform"),
        (["crane", "version"], "crane"),
        (["actionlint", "-version"], "actionlint"),
        (["kubelogin", "--version"], "kubelogin"),
        (["sops", "--version", "--disable-version-check"], "sops"),
        (["registry", "--version"], "registry"),
        (["clusterctl", "version"], "clusterctl"),
        (["flux", "--version"], "flux-cli"),
        (["coredns", "-version"], "coredns"),
        (["pulumi", "version"], "pulumi"),
    ],
)
def test_every_program_tells_the_version_it_was_pinned_at(tools: Toolchain, argv: list[str], version: str) -> None:
    pinned = next(tool.version for tool in recipe.load().tool if tool.name == version)
    assert pinned.removeprefix("v") in run([tools.bin / argv[0], *argv[1:]], env=OFFLINE)


def test_every_image_that_a_release_names_is_in_the_registry(tools: Toolchain, registry: str) -> None:
    named = {
        match
        for file in tools.releases.rglob("*.yaml")
        for match in re.findall(r'(?m)^\s+(?:- )?image: "?([a-z.0-9-]+\.[a-z]+/[^\s"]+)', file.read_text())
    }
    assert len(named) == 15
    for image in named:
        run([tools.bin / "crane", "manifest", "--insecure", f"{registry}/{image.split('/', 1)[1]}"])


def test_an_image_runs_its_program_as_upstreams_user_and_trusts_the_local_authority(
    tools: Toolchain, registry: str, tmp_path: Path
) -> None:
    image = f"{registry}/cluster-api-azure/cluster-api-azure-controller:v1.23.1"
    config = json.loads(run([tools.bin / "crane", "config", "--insecure", image]))["config"]
    assert (config["Entrypoint"], config["User"]) == (["/manager"], "65532")
    run([tools.bin / "crane", "export", "--insecure", image, tmp_path / "image.tar"])
    run(["tar", "-xf", tmp_path / "image.tar", "-C", tmp_path, "etc/ssl/certs/ca-certificates.crt"])
    bundle = (tmp_path / "etc" / "ssl" / "certs" / "ca-certificates.crt").read_text()
    assert authority.CERTIFICATE.read_text().strip() in bundle


def test_the_operators_image_has_the_crds_of_the_release_and_those_it_installs_itself(tools: Toolchain) -> None:
    in_image = {file.name.removesuffix(".yaml") for file in (tools.releases / "azure-service-operator-crds").iterdir()}
    components = next((tools.releases / "infrastructure-azure").glob("*/infrastructure-components.yaml"))
    installed = {
        str(name)
        for document in documents(components)
        if document["kind"] == "CustomResourceDefinition"
        and isinstance(metadata := document["metadata"], dict)
        and str(name := metadata["name"]).endswith(".azure.com")
    }
    assert len(installed) == 10
    wanted = [each.split("/") for each in AZURE_KINDS.split(";")]
    assert {name.partition(".")[2] for name in in_image - installed} == {group for group, _ in wanted}
    assert {f"{kind.lower()}s.{group}" for group, kind in wanted if kind != "*"} <= in_image
    assert installed <= in_image


@pytest.mark.parametrize("version", ["v1.12.5", "v1.12.8"])
def test_clusterctl_takes_the_local_repository_in_both_patch_releases(tools: Toolchain, version: str) -> None:
    env = {**OFFLINE, "XDG_CONFIG_HOME": str(tools.releases / "xdg")}
    generated = run([tools.bin / "clusterctl", "generate", "provider", f"--core=cluster-api:{version}"], env=env)
    assert f"registry.k8s.io/cluster-api/cluster-api-controller:{version}" in generated
    assert "--feature-gates=MachinePool=true" in generated
    assert "ClusterTopology=true" in generated


def test_cert_managers_release_has_its_namespace_and_its_crds(tools: Toolchain) -> None:
    kinds = [document["kind"] for document in documents(next((tools.releases / "cert-manager").glob("*/*.yaml")))]
    assert kinds[0] == "Namespace"
    assert kinds.count("CustomResourceDefinition") == 6
    assert kinds.count("Deployment") == 3


def test_the_flux_manifests_are_an_artifact_with_the_components_at_its_root(
    tools: Toolchain, registry: str, tmp_path: Path
) -> None:
    artifact = f"oci://{registry}/fluxcd/flux-manifests:v2.9.5"
    run([tools.bin / "flux", "pull", "artifact", artifact, f"--output={tmp_path}", "--insecure-registry"])
    assert [file.name for file in tmp_path.iterdir()] == ["gotk-components.yaml"]
    assert documents(tmp_path / "gotk-components.yaml") == documents(tools.releases / "flux" / "gotk-components.yaml")


def test_what_is_built_is_found_again_without_building(tools: Toolchain) -> None:
    assert ensure() == tools
