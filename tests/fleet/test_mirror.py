"""Where all images come from a mirror, so do teams' agents and what watches the plane; Azure's is signed in to."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.rendering import checkout, render
from fleet.rendering.values import PLACEHOLDERS
from tests.fleet import rendering
from tests.fleet.rendering import RUNTIME_INFO, Fleet

MIRROR = {
    "image_registry": "mirror.azurecr.io",
    "image_registry_login": "azure",
    "image_registry_account": "flux-source",
}
"""What the program adds to runtime-info, see management_cluster/image_registry.py."""


@pytest.fixture
def mirrored(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A fleet with a team, on a management cluster with a mirror in Azure."""
    monkeypatch.setattr(rendering, "RUNTIME_INFO", RUNTIME_INFO | MIRROR)
    fleet.team()
    return fleet


def agent_source(found: rendering.Rendered) -> dict[str, Any]:
    """The spec of the source of the agent's manifests, without its version."""
    spec: dict[str, Any] = found.one("OCIRepository", "dev-agent")["spec"]
    return {key: spec.get(key) for key in ("url", "provider", "serviceAccountName")}


def test_without_a_mirror_manifests_come_from_where_flux_publishes_them(fleet: Fleet) -> None:
    fleet.team()
    published = {"url": "oci://ghcr.io/fluxcd/flux-manifests", "provider": "generic"}
    assert agent_source(fleet.wave()) == published | {"serviceAccountName": ""}
    assert agent_source(fleet.teams()) == published | {"serviceAccountName": None}


def test_a_registry_of_azure_is_read_as_the_identity_that_may_and_by_teams_sources_as_the_nodes(
    mirrored: Fleet,
) -> None:
    there = {"url": "oci://mirror.azurecr.io/fluxcd/flux-manifests", "provider": "azure"}
    assert agent_source(mirrored.wave()) == there | {"serviceAccountName": "flux-source"}
    assert agent_source(mirrored.teams()) == there | {"serviceAccountName": None}


def test_the_agent_of_a_teams_cluster_is_from_the_mirror_and_what_the_form_says(mirrored: Fleet) -> None:
    form, made = mirrored.teams().one("Kustomization", "cluster-agent"), mirrored.of_team()
    images = made.one("Kustomization", "shop-dev-blue-agent")["spec"]["images"]
    assert {each["newName"].partition("/")[0] for each in images} == {"mirror.azurecr.io"}
    assert images == form["spec"]["images"]


@pytest.mark.parametrize(("mirror", "registry"), [({}, "registry.k8s.io"), (MIRROR, "mirror.azurecr.io")])
def test_what_watches_the_plane_is_from_the_mirror(fleet: Fleet, mirror: dict[str, str], registry: str) -> None:
    root = fleet.path / "management/kustomization.yaml"
    root.write_text(root.read_text().replace("- waves.yaml\n", "- waves.yaml\n- observability/azure-monitor.yaml\n", 1))
    with checkout(fleet.path) as copy:
        found = render(copy, {**PLACEHOLDERS, "runtime-info": {**PLACEHOLDERS["runtime-info"], **mirror}})
    assert found.failures == []
    (watcher,) = [
        each.object for each in found.items if each.object["kind"] == "Deployment" and each.key[2] == "observability"
    ]
    (container,) = watcher["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith(f"{registry}/kube-state-metrics/kube-state-metrics:v")
