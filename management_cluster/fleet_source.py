"""What makes Flux read the fleet repository, and apply its root: from there on all is in Git."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from fleet.fleet_repository import FleetRepository
from management_cluster.connection import OURS

CREDENTIAL: Final = "fleet-git"
"""The Secret by which Flux reads the repository."""

SIGNERS: Final = "fleet-signers"
"""The Secret with the public keys of those whose commits Flux takes."""

TIMEOUT: Final = "5m"


def read(
    resource_name: str, fleet: FleetRepository, namespace: str, *, signed: bool, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """A source of the fleet repository; it is there once Flux has read the repository.

    Args:
        signed: take a commit only if one of `SIGNERS` signed it. Before this is switched on, FleetRepository checks
            that the newest commit is signed.

    https://fluxcd.io/flux/components/source/gitrepositories/
    """
    verify = {"verify": {"mode": "HEAD", "secretRef": {"name": SIGNERS}}} if signed else {}
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
            "secretRef": {"name": CREDENTIAL},
            **verify,
        },
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=TIMEOUT, update=TIMEOUT))
        ),
    )


def apply(namespace: str, opts: pulumi.ResourceOptions) -> None:
    """The root Kustomization. Not awaited: what is in Git may be broken without this program having failed.

    https://fluxcd.io/flux/components/kustomize/kustomizations/
    """
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
        },
        opts=opts,
    )
