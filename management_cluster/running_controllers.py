"""Reads how the controllers run, and waits until they run as they have to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lightkube.models.core_v1 import Container, EnvVar
from lightkube.resources.apps_v1 import Deployment
from lightkube.types import PatchType

from external.command import ExternalError
from external.kubernetes_api import KubernetesApi, NotThere
from management_cluster.cluster_access import ClusterAccess
from management_cluster.controllers import POOL_LABEL

Effect = dict[str, str]
"""What a Deployment says of what is asked for, by the names of `Controller.wanted`."""

PATIENCE: Final = 600.0
"""Seconds, as long as clusterctl waits for a provider."""

INTERVAL: Final = 2.0


class RunningControllers:
    """The Deployments of a cluster.

    Args:
        kubeconfig: YAML text.
    """

    def __init__(self, kubeconfig: str) -> None:
        self._api = KubernetesApi(kubeconfig)
        self._access = ClusterAccess(kubeconfig)

    def effects(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Effect]:
        """What holds of what is wanted, by "namespace/name"; a controller that is not there is left out.

        Raises:
            ExternalError: the cluster does not answer, or refuses.
        """
        found = {key: self._get(key) for key in wanted}
        return {key: effect(each, wanted[key]) for key, each in found.items() if each}

    def settle(self, wanted: Mapping[str, Mapping[str, str]], status: Callable[[str], None]) -> None:
        """Have admission shape what is there already, and wait until it is rolled out.

        A patch of the replicas alone, which also starts what was stopped; the policy (controller_policy.py) does the
        rest. An API server takes a second to see a changed policy, so it is sent until it had an effect.

        Raises:
            ExternalError: the cluster does not answer, or not all is as wanted after `PATIENCE`; with what is missing.
        """
        began = time.monotonic()
        while waiting := {key: why for key in wanted if (why := self._shape(key, wanted[key]))}:
            gone = time.monotonic() - began
            if gone > PATIENCE:
                reasons = [*(f"{key}: {why}" for key, why in waiting.items()), *self._access.not_ready()]
                lines = "".join(f"\n    {line}" for line in reasons)
                raise ExternalError(f"after {gone:.0f} s the controllers do not run as they have to:{lines}")
            status(f"controllers: {gone:.0f} s, waiting for {', '.join(waiting)}")
            time.sleep(INTERVAL)

    def _shape(self, key: str, wanted: Mapping[str, str]) -> str:
        """What is still missing; empty when nothing is."""
        found = self._get(key)
        if found is None:
            return "not there"
        if changes := differences(effect(found, wanted), wanted):
            self._touch(key, int(wanted["replicas"]))
            return ", ".join(changes)
        return "" if rolled_out(found) else "not rolled out"

    def _get(self, key: str) -> Deployment | None:
        namespace, _, name = key.partition("/")
        try:
            with self._api.asked() as client:
                return client.get(Deployment, name, namespace=namespace)
        except NotThere:
            return None

    def _touch(self, key: str, replicas: int) -> None:
        namespace, _, name = key.partition("/")
        patch = {"spec": {"replicas": replicas}}
        with self._api.asked() as client:
            client.patch(Deployment, name, patch, namespace=namespace, patch_type=PatchType.MERGE)


def effect(deployment: Deployment, wanted: Iterable[str]) -> Effect:
    """What a Deployment has of these names; what it does not have is left out."""
    if deployment.spec is None or deployment.spec.template.spec is None:
        return {}
    pod = deployment.spec.template.spec
    container = pod.containers[0]
    requests, limits = _resources(container)
    has: dict[str, str | None] = {
        **dict(argument.split("=", 1) for argument in container.args or [] if "=" in argument),
        **{each.name: _value(each) for each in container.env or []},
        "replicas": str(1 if deployment.spec.replicas is None else deployment.spec.replicas),
        "priority": pod.priorityClassName,
        "pool": (pod.nodeSelector or {}).get(POOL_LABEL),
        "cpu": requests.get("cpu"),
        "memory": requests.get("memory"),
        "mostMemory": limits.get("memory"),
    }
    return {name: value for name in wanted if (value := has.get(name)) is not None}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What changes, such as "replicas 1 → 2"."""
    return [
        f"{name} {before.get(name, '(none)')} → {after.get(name, '(none)')}"
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    ]


def rolled_out(deployment: Deployment) -> bool:
    """Whether all replicas are of the newest kind and available, as `kubectl rollout status` has it."""
    spec, status, metadata = deployment.spec, deployment.status, deployment.metadata
    if spec is None or status is None or metadata is None:
        return False
    replicas = 1 if spec.replicas is None else spec.replicas
    return (
        (status.observedGeneration or 0) >= (metadata.generation or 0)
        and (status.updatedReplicas or 0) == replicas
        and (status.replicas or 0) == replicas
        and (status.availableReplicas or 0) == replicas
    )


def _resources(container: Container) -> tuple[Mapping[str, str], Mapping[str, str]]:
    found = container.resources
    return (found.requests or {}, found.limits or {}) if found else ({}, {})


def _value(variable: EnvVar) -> str:
    """A variable's text; one that comes from elsewhere is shown as such."""
    return variable.value or ("(from elsewhere)" if variable.valueFrom else "")
