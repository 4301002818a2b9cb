"""Kubernetes versions AKS offers here, and how one may follow another.

Rules: https://learn.microsoft.com/azure/aks/supported-kubernetes-versions. The newest and the patch before are really
built; for the others, which are offered so that the rules can be tried, the newest runs.
"""

from __future__ import annotations

from typing import Any

from local_azure.azure.errors import ArmError, bad_request

OFFERED: dict[str, tuple[str, ...]] = {
    "1.34": ("1.34.8", "1.34.9"),
    "1.35": ("1.35.5", "1.35.6"),
    "1.36": ("1.36.2", "1.36.3"),
}
DEFAULT = "1.36.3"
SUPPORTED_PLANS = ["KubernetesOfficial", "AKSLongTermSupport"]
POOL_SKEW = 3
"""Minor versions a node pool may be behind its control plane."""


def resolve(version: str | None, target: str, cluster: str) -> str:
    """The patch version a wish means: none is the default, `1.36` the newest patch of it.

    Raises ArmError 400 K8sVersionNotSupported for a version that is not offered.
    """
    if not version:
        return DEFAULT
    if version in OFFERED:
        return OFFERED[version][-1]
    minor = version.rpartition(".")[0]
    if version in OFFERED.get(minor, ()):
        return version
    raise ArmError(
        400,
        "K8sVersionNotSupported",
        f"Managed cluster {cluster} is on version {version}, which is not supported in this region. Please use [az aks "
        "get-versions] command to get the supported version list in this region. For more information, please check "
        "https://aka.ms/supported-version-list",
        target=target,
    )


def check_upgrade(old: str, new: str, target: str) -> None:
    """Raise ArmError 400 for a downgrade or a skipped minor version."""
    if _numbers(new) < _numbers(old):
        raise bad_request(
            "OperationNotAllowed", f"Downgrading the Kubernetes version from {old} to {new} is not allowed.", target
        )
    if _numbers(new)[1] - _numbers(old)[1] > 1:
        raise bad_request(
            "OperationNotAllowed",
            f"Upgrading Kubernetes version {old} to {new} is not allowed. Available upgrades: "
            f"{', '.join(upgrades(old))}. Please see https://aka.ms/aks-supported-k8s-ver for version details.",
            target,
        )


def check_pool(pool: str, version: str, control_plane: str) -> None:
    """Raise ArmError 400 NodePoolMcVersionIncompatible when a pool is ahead of its control plane or too far behind."""
    ahead = _numbers(version) > _numbers(control_plane)
    if ahead or _numbers(control_plane)[1] - _numbers(version)[1] > POOL_SKEW:
        raise bad_request(
            "NodePoolMcVersionIncompatible",
            f"Node pool version {version} and control plane version {control_plane} are incompatible. Minor version "
            f"of node pool {pool} cannot be bigger than control plane version, or more than {POOL_SKEW} minor "
            "versions behind it. For more information, please check https://aka.ms/version-skew-policy",
        )


def upgrades(version: str) -> list[str]:
    """Versions a control plane at `version` may go to."""
    numbers = _numbers(version)
    offered = [patch for patches in OFFERED.values() for patch in patches]
    return [patch for patch in offered if _numbers(patch) > numbers and _numbers(patch)[1] - numbers[1] <= 1]


def listing() -> dict[str, Any]:
    """`locations/<region>/kubernetesVersions`."""
    return {
        "values": [
            {
                "version": minor,
                "isDefault": DEFAULT.startswith(minor + "."),
                "capabilities": {"supportPlan": SUPPORTED_PLANS},
                "patchVersions": {patch: {"upgrades": upgrades(patch)} for patch in patches},
            }
            for minor, patches in reversed(OFFERED.items())
        ]
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
