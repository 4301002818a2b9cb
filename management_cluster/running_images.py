"""Records which images run on the management cluster, by digest: what a tag meant on the day it was pulled.

Upstream's manifests name tags. The digest of each is what the node's container runtime says of a running container.

What happens when
- something was installed or upgraded: looked at again;
- nothing changed: not asked, so that a preview needs no reachable cluster;
- `pulumi refresh`: looked at again; another digest under the same tag shows there;
- the resource is deleted: nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi
from lightkube.resources.core_v1 import Pod
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from external.command import ExternalError
from external.engine import hide_tracebacks_of_expected_errors, note
from infra.settings import Settings
from management_cluster.cluster_access import ClusterAccess


class RunningImages(Resource, module="slipway", name="RunningImages"):
    """The images of the controllers.

    Attributes:
        digests: `sha256:…` by image as the manifest names it.
    """

    digests: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        resource_name: str,
        settings: Settings,
        *,
        kubeconfig: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        releases = [
            settings.providers.cluster_api_version,
            settings.providers.azure_provider_version,
            settings.flux.flux_version,
            settings.controllers.image_registry or "",
        ]
        inputs = {"releases": releases, "kubeconfig": kubeconfig, "digests": None}
        own = pulumi.ResourceOptions(depends_on=list(after))
        super().__init__(_Images(), resource_name, inputs, pulumi.ResourceOptions.merge(opts, own))


class _Images(ResourceProvider):
    """What Pulumi calls, in the dynamic provider's process."""

    serialize_as_secret_always = False

    def configure(self, req: object) -> None:
        hide_tracebacks_of_expected_errors()

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        # As of the providers: a kubeconfig that is not known yet is most likely the same.
        renewed = _news["kubeconfig"] not in (UNKNOWN, _olds.get("kubeconfig"))
        return DiffResult(changes=renewed or _news["releases"] != _olds.get("releases"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("images", _look(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_look(_news, {}))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        inputs = {"releases": props["releases"], "kubeconfig": props["kubeconfig"]}
        try:
            # One that no pod runs at this moment is no news.
            return ReadResult(id_, _look(props, props.get("digests") or {}), inputs)
        except ExternalError as error:
            note(f"The images that run are not compared: {error}")
            return ReadResult(id_, props, inputs)


def _look(props: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    found = digests(ClusterAccess(props["kubeconfig"]).pods())
    return {
        "releases": props["releases"],
        "kubeconfig": props["kubeconfig"],
        "digests": dict(sorted({**known, **found}.items())),
    }


def digests(pods: Iterable[Pod]) -> dict[str, str]:
    """The digest of each image, as the manifests name it; where a tag means two at once, both, with a comma."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        named = {each.name: each.image or "" for each in pod.spec.containers} if pod.spec else {}
        for status in (pod.status and pod.status.containerStatuses) or []:
            _, _, digest = (status.imageID or "").rpartition("@")
            if digest.startswith("sha256:") and (image := named.get(status.name)):
                found.setdefault(image, set()).add(digest)
    return {image: ", ".join(sorted(each)) for image, each in found.items()}
