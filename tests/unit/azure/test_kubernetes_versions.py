"""Which Kubernetes version may follow which."""

from __future__ import annotations

import pytest

from local_azure.azure import kubernetes_versions as versions
from local_azure.azure.errors import ArmError


@pytest.mark.parametrize(
    ("wish", "patch"), [(None, "1.36.3"), ("1.36", "1.36.3"), ("1.35", "1.35.6"), ("1.34.8", "1.34.8")]
)
def test_a_wish_becomes_a_patch_version(wish: str | None, patch: str) -> None:
    assert versions.resolve(wish, "kubernetesVersion", "c") == patch


@pytest.mark.parametrize("wish", ["1.12", "1.36.99", "v1.36.3", "latest"])
def test_what_is_not_offered_is_refused(wish: str) -> None:
    with pytest.raises(ArmError, match="K8sVersionNotSupported"):
        versions.resolve(wish, "kubernetesVersion", "c")


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("1.35.6", "1.36.3", True),
        ("1.36.2", "1.36.3", True),
        ("1.36.3", "1.36.3", True),
        ("1.36.3", "1.36.2", False),
        ("1.36.3", "1.35.6", False),
        ("1.34.8", "1.36.3", False),
    ],
)
def test_upgrades_go_up_without_skipping(old: str, new: str, allowed: bool) -> None:
    if allowed:
        versions.check_upgrade(old, new, "kubernetesVersion")
        return
    with pytest.raises(ArmError, match="OperationNotAllowed"):
        versions.check_upgrade(old, new, "kubernetesVersion")


@pytest.mark.parametrize(("pool", "fits"), [("1.36.3", True), ("1.34.8", True), ("1.36.99", False), ("1.32.1", False)])
def test_a_pool_follows_its_control_plane(pool: str, fits: bool) -> None:
    if fits:
        versions.check_pool("p", pool, "1.36.3")
        return
    with pytest.raises(ArmError, match="NodePoolMcVersionIncompatible"):
        versions.check_pool("p", pool, "1.36.3")
