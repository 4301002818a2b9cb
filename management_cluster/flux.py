"""Flux on the management cluster, from the manifests inside the `flux` command of the same version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
import yaml

from external.command import CommandFailed, ExternalError, require, run
from infra.aliases import formerly_below
from infra.settings import Settings
from management_cluster import image_registry
from management_cluster.connection import OURS, Connection
from management_cluster.controllers import BY_FLUX, FLUX, POOL, POOL_LABEL, PRIORITY, Controller, by_flux

NAMESPACE: Final = FLUX
SOURCE: Final = "https://fluxcd.io/flux/installation/#install-the-flux-cli"
KEPT: Final = ("CustomResourceDefinition", "Namespace")
"""A CRD or the namespace is never deleted on its own: every source and Kustomization would go with it."""

IMAGES: Final = "fluxcd"
"""The path of Flux's images where they are published: https://fluxcd.io/flux/installation/configuration/air-gapped/"""

READY_WITHIN: Final = "5m"
AS_NAMED: Final = "ObjectLevelWorkloadIdentity"
"""https://fluxcd.io/flux/installation/configuration/workload-identity/"""

GATES: Final = (
    # Sign in to a cluster as the service account that its ConfigMap names, and decrypt as one.
    AS_NAMED,
    "CancelHealthCheckOnNewRevision",  # a commit that mends a canary is not held up by the wait for its health
    "AdditiveCELDependencyCheck",  # a wave waits until the one before is ready, and for a while
)
LOCKDOWN: Final = ("--no-cross-namespace-refs=true",)
"""What a namespace holds stays in it: a team's Kustomization reaches no source or Secret of another. Not with
--default-service-account: that one would also be impersonated on workload clusters, where nobody knows it yet.
https://fluxcd.io/flux/installation/configuration/multitenancy/"""

LOCKED: Final = ("kustomize-controller", "helm-controller")
"""Not notification-controller: the fleet's alerts hear of clusters, and no team may make one."""

TUNING: Final = (
    "--no-remote-bases=true",  # no Git but the sources
    "--requeue-dependency=5s",
    "--watch-configs-label-selector=owner!=helm",  # a cluster's agent starts when its kubeconfig appears
    "--feature-gates=" + ",".join(f"{gate}=true" for gate in GATES),
)
"""Arguments of kustomize-controller beside its own: https://fluxcd.io/flux/components/kustomize/options/"""

BY_IDENTITY: Final = (f"--feature-gates={AS_NAMED}=true",)
"""Argument of source-controller where it reads Git or a registry as an identity of Azure."""


class Flux(pulumi.ComponentResource):
    """The Flux controllers and their kinds. Ready when the controllers are."""

    def __init__(
        self,
        resource_name: str,
        settings: Settings,
        connection: Connection,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:flux:Flux", resource_name, None, opts)
        self._connection = connection
        found = tuned(
            manifests(settings.flux.flux_version, settings.controllers.image_registry),
            by_flux(settings.controllers),
            sources_by_identity=sources_by_identity(settings),
        )
        namespaces = [self._object(each) for each in found if each["kind"] == "Namespace"]
        for each in found:
            if each["kind"] != "Namespace":
                self._object(each, after=namespaces if "namespace" in each["metadata"] else ())
        self.register_outputs({})

    def _object(self, manifest: dict[str, Any], *, after: Sequence[pulumi.Resource] = ()) -> pulumi.Resource:
        """An object as its manifest has it. A class of the SDK for each kind would say the same, and take imports."""
        api, kind, metadata = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
        return pulumi.CustomResource(
            f"kubernetes:{api if '/' in api else f'core/{api}'}:{kind}",
            "flux:" + "/".join(filter(None, (metadata.get("namespace"), metadata["name"]))),
            manifest,
            pulumi.ResourceOptions.merge(
                self._connection.options(self, depends_on=after),
                pulumi.ResourceOptions(
                    aliases=[formerly_below("slipway:flux:Flux$kubernetes:yaml/v2:ConfigGroup::flux")],
                    retain_on_delete=kind in KEPT,
                    # Controllers that do not come up fail soon.
                    custom_timeouts=pulumi.CustomTimeouts(create=READY_WITHIN, update=READY_WITHIN)
                    if kind == "Deployment"
                    else None,
                ),
            ),
        )


def sources_by_identity(settings: Settings) -> bool:
    """Whether any source is read as an identity of Azure: Git, or the agents' manifests."""
    return settings.fleet.git_auth == "azureDevOps" or image_registry.of_azure(settings)


def manifests(version: str, registry: str | None = None) -> str:
    """What `flux install` would apply, YAML; with images from a registry, else from where they are published.

    Raises:
        pulumi.RunError: `flux` is missing or of another version.
    """
    try:
        require("flux", SOURCE)
        client = str(json.loads(run(["flux", "version", "--client", "-o", "json"])).get("flux", ""))
        if client.removeprefix("v") != version.removeprefix("v"):
            raise ExternalError(f"flux on the PATH is {client}, but {version} is wanted: install it from {SOURCE}")
        chosen = [f"--namespace={NAMESPACE}", f"--components={','.join(BY_FLUX)}"]
        mirror = [f"--registry={registry}/{IMAGES}"] if registry else []
        return run(["flux", "install", "--export", *chosen, *mirror])
    except (ExternalError, CommandFailed) as error:
        raise pulumi.RunError(str(error)) from None


def tuned(
    documents: str, controllers: Sequence[Controller], *, sources_by_identity: bool = False
) -> list[dict[str, Any]]:
    """The manifests (YAML) with what this fleet needs of the controllers, and how each of them has to run.

    Args:
        sources_by_identity: whether some are read as an identity of Azure.
    """
    # By libyaml: the definitions among them are long, and every preview reads them.
    found: list[dict[str, Any]] = list(yaml.load_all(documents, yaml.CSafeLoader))
    by_name = {each.name: each for each in controllers}
    for each in found:
        each["metadata"].setdefault("annotations", {}).update(OURS)
        if each["kind"] == "Deployment":
            name, container = each["metadata"]["name"], each["spec"]["template"]["spec"]["containers"][0]
            container["args"] += LOCKDOWN if name in LOCKED else ()
            if name == "kustomize-controller":
                container["args"] += TUNING
                # So many builds at once would wait for the node's disk.
                # https://fluxcd.io/flux/installation/configuration/vertical-scaling/#enable-in-memory-kustomize-builds
                each["spec"]["template"]["spec"]["volumes"] = [{"name": "temp", "emptyDir": {"medium": "Memory"}}]
            container["args"] += BY_IDENTITY if sources_by_identity and name == "source-controller" else ()
            _shape(each["spec"], by_name[name])
    return found


def _shape(deployment: dict[str, Any], controller: Controller) -> None:
    """What controller_policy.py does to the others."""
    deployment["replicas"] = controller.replicas
    pod = deployment["template"]["spec"]
    pod["priorityClassName"] = PRIORITY
    pod["topologySpreadConstraints"] = controller.spread
    pod["nodeSelector"] = {**pod.get("nodeSelector", {}), POOL_LABEL: POOL}
    container = pod["containers"][0]
    container["resources"] = controller.resources
    container["args"] += controller.arguments
