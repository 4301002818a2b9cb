"""Providers that somebody put back to an older release by hand: refresh sees it, preview says it, up mends it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from local_azure.command import CommandFailed
from management_cluster import versions
from management_cluster.hand_off import CLUSTERS
from tests.e2e import controllers
from tests.e2e.local import CHECKOUT, FIRST, MANAGEMENT, Local

OLDER = "v1.12.5"
"""A real release before the pinned one; the local Azure has both."""

PROVIDERS = {"--core": "cluster-api", "--bootstrap": "kubeadm", "--control-plane": "kubeadm"}
INVENTORY = ("bootstrap-kubeadm", "cluster-api", "control-plane-kubeadm")
MINUTES = 60.0


def installed(local: Local) -> dict[str, str]:
    """Versions from clusterctl's inventory; those of Cluster API itself."""
    found = local.get(MANAGEMENT, "providers.clusterctl.cluster.x-k8s.io", "--all-namespaces")["items"]
    return {each["metadata"]["name"]: each["version"] for each in found if each["metadata"]["name"] in INVENTORY}


def image(local: Local) -> str:
    """The image that Cluster API's controller runs."""
    deployment = local.get(MANAGEMENT, "deployment", "capi-controller-manager", "--namespace", "capi-system")
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def clusterctl(local: Local, verb: str, version: str, *more: str) -> None:
    """Run clusterctl by hand, on the providers of Cluster API itself."""
    chosen = [word for flag, name in PROVIDERS.items() for word in (flag, f"{name}{version}")]
    local.run("clusterctl", verb, *chosen, *more, "--kubeconfig-context", MANAGEMENT, timeout=10 * MINUTES)


def test_older_providers_are_seen_and_upgraded_by_clusterctls_own_path(local: Local) -> None:
    cluster = local.get(MANAGEMENT, "cluster", FIRST, "--namespace", CLUSTERS)
    began = time.time()
    clusterctl(local, "delete", "")
    clusterctl(local, "init", f":{OLDER}", "--wait-providers")
    assert set(installed(local).values()) == {OLDER}
    controllers.check_all(local)  # whoever installs them

    assert OLDER in local.run("pulumi", "refresh", "--yes", "--skip-preview", "--diff", timeout=5 * MINUTES)
    preview = local.run("pulumi", "preview", timeout=5 * MINUTES)
    for name in INVENTORY:
        assert f"{name} {OLDER} → {versions.CLUSTER_API}" in preview

    local.run("pulumi", "up", "--yes", "--skip-preview", timeout=15 * MINUTES)
    assert set(installed(local).values()) == {versions.CLUSTER_API}
    assert image(local).endswith(versions.CLUSTER_API)
    controllers.check_all(local)
    assert controllers.revisions(local)["capi-controller-manager"] == 1  # a new Deployment, rolled out once
    local.run("pulumi", "preview", "--expect-no-changes", timeout=5 * MINUTES)

    after = local.get(MANAGEMENT, "cluster", FIRST, "--namespace", CLUSTERS)
    assert after["metadata"]["uid"] == cluster["metadata"]["uid"]
    assert local.requests(began, method="DELETE") == []


def test_a_version_that_is_older_than_the_installed_one_is_refused_in_preview(local: Local, tmp_path: Path) -> None:
    stack = tmp_path / "Pulumi.local.yaml"
    settings = (CHECKOUT / stack.name).read_text()
    stack.write_text(settings.replace("config:\n", f"config:\n  slipway:clusterApiVersion: {OLDER}\n"))
    with pytest.raises(CommandFailed) as failed:
        local.run("pulumi", "preview", "--config-file", str(stack), timeout=5 * MINUTES)
    assert f"cluster-api {versions.CLUSTER_API} is installed, older {OLDER} is asked for" in failed.value.output
    assert "Traceback" not in failed.value.output
