"""What makes Flux read the fleet repository, and apply its root: from there on all is in Git."""

from __future__ import annotations

from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from fleet.fleet_repository import FleetRepository
from infra.fleet_settings import FleetSettings
from infra.management_cluster import DECRYPTION, SOURCE
from management_cluster.connection import OURS
from management_cluster.git_credentials import CREDENTIAL, SIGNERS

TIMEOUT: Final = "5m"


def read(
    resource_name: str,
    fleet: FleetRepository,
    settings: FleetSettings,
    namespace: str,
    *,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """A source of the fleet repository; it is there once Flux has read the repository.

    Where there are signers, it takes a commit only if one of them signed it. Before this is switched on,
    FleetRepository checks that the newest commit is signed.

    https://fluxcd.io/flux/components/source/gitrepositories/
    """
    return kubernetes.apiextensions.CustomResource(
        resource_name,
        api_version="source.toolkit.fluxcd.io/v1",
        kind="GitRepository",
        metadata=ObjectMetaArgs(
            name="fleet", namespace=namespace, annotations={**OURS, "pulumi.com/waitFor": "condition=Ready"}
        ),
        spec={
            "interval": "1m",
            "url": fleet.url,
            "ref": {"branch": fleet.branch},
            **signing_in(settings),
            **({"verify": {"mode": "HEAD", "secretRef": {"name": SIGNERS}}} if settings.signers else {}),
        },
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=TIMEOUT, update=TIMEOUT))
        ),
    )


def signing_in(settings: FleetSettings) -> dict[str, Any]:
    """How Flux signs in, as a part of a GitRepository's spec. https://fluxcd.io/flux/components/source/gitrepositories/#provider"""
    if settings.git_auth == "azureDevOps":
        return {"provider": "azure", "serviceAccountName": SOURCE[0].name}
    provider = {"provider": "github"} if settings.git_auth == "githubApp" else {}
    return {**provider, "secretRef": {"name": CREDENTIAL}}


def apply(namespace: str, *, decrypt: bool, opts: pulumi.ResourceOptions) -> None:
    """The root Kustomization. Not awaited: what is in Git may be broken without this program having failed.

    Args:
        decrypt: whether what it applies may be encrypted by SOPS.

    https://fluxcd.io/flux/components/kustomize/kustomizations/
    """
    decryption = {"decryption": {"provider": "sops", "serviceAccountName": DECRYPTION[0].name}} if decrypt else {}
    kubernetes.apiextensions.CustomResource(
        "root",
        api_version="kustomize.toolkit.fluxcd.io/v1",
        kind="Kustomization",
        metadata=ObjectMetaArgs(
            name="fleet", namespace=namespace, annotations={**OURS, "pulumi.com/skipAwait": "true"}
        ),
        spec={
            "interval": "10m",
            "retryInterval": "10s",
            "path": "./management",
            "prune": True,
            "deletionPolicy": "Orphan",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            **decryption,
        },
        opts=opts,
    )
