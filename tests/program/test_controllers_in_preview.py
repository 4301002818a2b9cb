"""What a preview shows of how the controllers run; real clusterctl and flux say what they would install."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from management_cluster import clusterctl_configuration, flux, versions
from management_cluster.controllers import BY_CLUSTERCTL, BY_FLUX
from management_cluster.images import images_of
from tests.program.conftest import Repository, config
from tests.program.project import CHECKOUT, Project

MIRROR = "mirror.example.com"


def test_a_production_stack_has_what_keeps_its_controllers_available(project: Project) -> None:
    text = project.succeed("preview", "--diff")
    assert "admissionregistration.k8s.io/v1:MutatingAdmissionPolicy" in text
    for namespace in {"flux-system", *(namespace for namespace, _ in BY_CLUSTERCTL.values())}:
        assert (
            f"[urn=urn:pulumi:test::slipway::slipway:kubernetes:DisruptionBudgets$kubernetes:policy/v1:PodDisruptionBudget::{namespace}-budget]"
            in text
        )
    assert re.search(r'--kube-api-qps +: "100"', text)
    assert re.search(r'priority +: "system-cluster-critical"', text)


def test_size_replicas_and_registry_are_in_the_preview(project: Project, repository: Repository) -> None:
    project.write(config(repository, fleetSize="1000", controllerReplicas="1", imageRegistry=MIRROR))
    text = project.succeed("preview", "--diff")
    assert re.search(r'--kube-api-qps +: "200"', text)
    assert re.search(rf'registry +: "{MIRROR}"', text)
    assert "PodDisruptionBudget" not in text


def test_fluxs_images_come_from_the_registry(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", project.env["PATH"])
    found = images_of(flux.manifests(versions.FLUX, MIRROR))
    assert {each.rpartition(":")[0] for each in found} == {f"{MIRROR}/fluxcd/{name}" for name in BY_FLUX}


def _image_list(project: Project, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "management_cluster.images", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=dict(project.env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_list_has_every_image_with_its_name_in_a_mirror(project: Project) -> None:
    lines = _image_list(project)
    registry = "registry.k8s.io/cluster-api/cluster-api-controller"
    assert f"{registry}:{versions.CLUSTER_API}\tcluster-api/cluster-api-controller:{versions.CLUSTER_API}\t-" in lines
    for name in (*BY_FLUX, "azureserviceoperator", "cert-manager-webhook", "flux-manifests", "kube-state-metrics"):
        assert any(f"/{name}:" in line for line in lines), name


def test_an_azure_registry_is_filled_by_the_list(project: Project) -> None:
    source = f"ghcr.io/fluxcd/flux-manifests:{versions.FLUX}"
    line = f"az acr import --name mirror --source {source} --image fluxcd/flux-manifests:{versions.FLUX}"
    assert line in _image_list(project, "--import", "mirror")


def test_clusterctl_takes_its_images_from_the_registry_and_manifests_from_where_the_user_says(project: Project) -> None:
    mirrored = {line.split("\t")[1] for line in _image_list(project)}
    with clusterctl_configuration.arguments(MIRROR, project.env) as configuration:
        for provider in ("--core=cluster-api", "--bootstrap=kubeadm", "--control-plane=kubeadm"):
            _check_images(project, [f"{provider}:{versions.CLUSTER_API}", *configuration], mirrored)
        _check_images(project, [f"--infrastructure=azure:{versions.AZURE_PROVIDER}", *configuration], mirrored)


def _check_images(project: Project, arguments: list[str], mirrored: set[str]) -> None:
    clusterctl = _on_path(project, "clusterctl")
    done = subprocess.run(
        [clusterctl, "generate", "provider", *arguments],
        env=dict(project.env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    images = images_of(done.stdout)
    assert images
    assert images <= {f"{MIRROR}/{each}" for each in mirrored}


def _on_path(project: Project, command: str) -> Path:
    """Where the project's own environment has a command."""
    folders = (Path(each) for each in project.env["PATH"].split(os.pathsep))
    return next(folder / command for folder in folders if (folder / command).exists())
