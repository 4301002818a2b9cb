"""All images of the management cluster, and what a mirror calls them: `python -m management_cluster.images`.

There is no list here: clusterctl and flux name the images of the releases that they would install, the seed those that
it adds. Digests are known only where a stack has run, of what runs there.

`--import NAME` prints the commands that fill an Azure Container Registry:
https://learn.microsoft.com/azure/container-registry/container-registry-import-images
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import yaml

from external.command import ExternalError, run
from fleet import seed
from management_cluster import clusterctl_configuration, versions
from management_cluster.clusterctl import FEATURES, FLAGS
from management_cluster.controllers import BY_FLUX, FLUX

CERT_MANAGER: Final = tuple(f"quay.io/jetstack/cert-manager-{part}" for part in ("cainjector", "controller", "webhook"))
METRICS: Final = seed.ROOT / "workloads/base/kube-state-metrics/deployment.yaml"
"""Whose image management/observability/conditions of the fleet has."""

AGENT: Final = "ghcr.io/fluxcd/flux-manifests"
"""What the agents on workload clusters are applied from: docs/decisions/0002-agent-from-flux-manifests-artifact.md"""


def published(cluster_api: str, azure_provider: str, flux: str) -> list[str]:
    """All images of these releases, as they are published, and the artifact with the agents' manifests.

    Raises:
        ExternalError: clusterctl or flux is missing, or does not find a release.
    """
    # Not `clusterctl init list-images`, which wants a cluster.
    manifests = [
        run(["clusterctl", "generate", "provider", flag, f"{name}:{version}"], env=FEATURES, timeout=300)
        for flag, name, version in (
            (*FLAGS["cluster-api"], cluster_api),
            (*FLAGS["bootstrap-kubeadm"], cluster_api),
            (*FLAGS["control-plane-kubeadm"], cluster_api),
            (*FLAGS["infrastructure-azure"], azure_provider),
        )
    ]
    manifests.append(run(["flux", "install", "--export", f"--namespace={FLUX}", f"--components={','.join(BY_FLUX)}"]))
    manifests.append(METRICS.read_text())
    cert_manager = (clusterctl_configuration.own().get("cert-manager") or {}).get("version") or versions.CERT_MANAGER
    found = {image for each in manifests for image in images_of(each)}
    return sorted({*found, *(f"{image}:{cert_manager}" for image in CERT_MANAGER), f"{AGENT}:{flux}"})


def mirrored(image: str) -> str:
    """The name of a published image in a mirror: its path, without the registry.

    >>> mirrored("registry.k8s.io/cluster-api/cluster-api-controller:v1.12.8")
    'cluster-api/cluster-api-controller:v1.12.8'
    """
    return image.partition("/")[2]


def images_of(manifests: str) -> set[str]:
    """The images of all Deployments in YAML."""
    documents = yaml.load_all(manifests, yaml.CSafeLoader)
    pods = (each["spec"]["template"]["spec"] for each in documents if each and each["kind"] == "Deployment")
    return {container["image"] for pod in pods for container in pod["containers"]}


def digest(image: str, running: Mapping[str, str]) -> str:
    """The digest that runs of an image, from its own registry or from a mirror; empty where none is known."""
    return next((found for name, found in running.items() if mirrored(name).endswith(mirrored(image))), "")


def _running(stack: str | None) -> dict[str, str]:
    if not stack:
        return {}
    outputs = json.loads(run(["pulumi", "stack", "output", "--json", "--stack", stack]))
    found: dict[str, str] = outputs.get("images") or {}
    return found


def main(argv: Sequence[str]) -> int:
    """Print a line for each image; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m management_cluster.images", description=__doc__)
    parser.add_argument("--stack", help="whose digests to show")
    parser.add_argument("--import", dest="registry", metavar="NAME", help="print the commands that fill this registry")
    parser.add_argument("--cluster-api", default=versions.CLUSTER_API)
    parser.add_argument("--azure-provider", default=versions.AZURE_PROVIDER)
    parser.add_argument("--flux", default=versions.FLUX)
    options = parser.parse_args(argv)
    try:
        running = _running(options.stack)
        images = published(options.cluster_api, options.azure_provider, options.flux)
    except ExternalError as error:
        print(error, file=sys.stderr)
        return 1
    for image in images:
        if options.registry:
            print(f"az acr import --name {options.registry} --source {image} --image {mirrored(image)}")
        else:
            print(image, mirrored(image), digest(image, running) or "-", sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
