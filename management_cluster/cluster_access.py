"""Reads from the management cluster what clusterctl recorded there, and what its pods are waiting for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.authorization_v1 import ResourceAttributes, SelfSubjectAccessReviewSpec
from lightkube.models.core_v1 import ContainerStatus
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview
from lightkube.resources.core_v1 import Namespace, Pod

from external.command import ExternalError
from external.kubernetes_api import KubernetesApi, NotThere
from management_cluster.controllers import FLUX

NAMESPACES = (
    "cert-manager",
    "capi-system",
    "capi-kubeadm-bootstrap-system",
    "capi-kubeadm-control-plane-system",
    "capz-system",
)
"""Where clusterctl puts cert-manager and the providers."""

CERT_MANAGER_VERSION = "cert-manager.clusterctl.cluster.x-k8s.io/version"
"""On all that belongs to a cert-manager that clusterctl installed, its namespace included."""

_Provider = create_namespaced_resource("clusterctl.cluster.x-k8s.io", "v1alpha3", "Provider", "providers")


class ClusterAccess:
    """The API of one cluster; every method but `not_ready` raises ExternalError when it does not answer or refuses.

    Args:
        kubeconfig: YAML text.
    """

    def __init__(self, kubeconfig: str) -> None:
        self._api = KubernetesApi(kubeconfig)

    def admits(self) -> bool:
        """Whether the holder of the kubeconfig is an administrator of the cluster."""
        asked = ResourceAttributes(verb="create", group="apiextensions.k8s.io", resource="customresourcedefinitions")
        with self._api.asked() as client:
            review = SelfSubjectAccessReviewSpec(resourceAttributes=asked)
            answer = client.create(SelfSubjectAccessReview(spec=review))
        return bool(answer.status and answer.status.allowed)

    def installed_providers(self) -> dict[str, str]:
        """Versions from clusterctl's inventory, by its name of the provider ("cluster-api", "infrastructure-azure").

        Empty where not even the inventory's kind is there: clusterctl never ran.
        """
        try:
            with self._api.asked() as client:
                found = list(client.list(_Provider, namespace="*"))
        except NotThere:
            return {}
        return {str(each.metadata.name): str(each["version"]) for each in found if each.metadata}

    def cert_manager_version(self) -> str:
        """The version of the cert-manager that clusterctl installed; empty when somebody else did, or nobody."""
        try:
            with self._api.asked() as client:
                namespace = client.get(Namespace, "cert-manager")
        except NotThere:
            return ""
        annotations: Mapping[str, str] = (namespace.metadata and namespace.metadata.annotations) or {}
        return annotations.get(CERT_MANAGER_VERSION, "")

    def pods(self) -> list[Pod]:
        """All pods of cert-manager, the providers and Flux."""
        return self._pods(*NAMESPACES, FLUX)

    def not_ready(self) -> list[str]:
        """One line for each pod of the providers that is not ready, with the reason Kubernetes gives.

        Empty also when the cluster cannot be asked: this only explains other errors.
        """
        try:
            pods = self._pods(*NAMESPACES)
        except ExternalError:
            return []
        return [f"{_name(pod)}: {reason}" for pod in pods if (reason := why_not_ready(pod))]

    def _pods(self, *namespaces: str) -> list[Pod]:
        with self._api.asked() as client:
            return [pod for namespace in namespaces for pod in client.list(Pod, namespace=namespace)]


def why_not_ready(pod: Pod) -> str | None:
    """Why a pod is not ready, in Kubernetes's words; None when it is, or has done its work."""
    status = pod.status
    if status is None or status.phase == "Succeeded":
        return None
    conditions = {condition.type: condition for condition in status.conditions or []}
    if (ready := conditions.get("Ready")) and ready.status == "True":
        return None
    reasons = list(_containers([*(status.initContainerStatuses or []), *(status.containerStatuses or [])]))
    if not reasons and (scheduled := conditions.get("PodScheduled")) and scheduled.status != "True":
        reasons = [f"not scheduled: {scheduled.message or scheduled.reason}"]
    return "; ".join(reasons) or (ready and ready.message) or f"phase {status.phase}"


def _containers(statuses: list[ContainerStatus]) -> Iterator[str]:
    for status in statuses:
        state = status.state
        if state is None or status.ready:
            continue
        if waiting := state.waiting:
            # Of a container that is started again and again, the end of its last run says more than the waiting.
            last = status.lastState.terminated if status.lastState else None
            why = last.message or f"ended with code {last.exitCode} ({last.reason})" if last else waiting.message
            yield f"{status.name} {waiting.reason}" + (f": {why.strip()}" if why else "")
        if (ended := state.terminated) and ended.exitCode:
            yield f"{status.name} ended with code {ended.exitCode} ({ended.reason})"


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}" if pod.metadata else "(pod without a name)"
