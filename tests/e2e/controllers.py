"""How the controllers run on the management cluster, seen from outside: by kubectl, not by the program's own eyes."""

from __future__ import annotations

from typing import Any

import yaml

from infra.controller_settings import ControllerSettings
from management_cluster.controllers import Controller, by_clusterctl, by_flux
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local


def wanted() -> list[Controller]:
    """All controllers, as the stack `local` asks for them."""
    config = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["config"]
    given = {key: value for key, value in config.items() if key in ControllerSettings.config_keys()}
    settings = ControllerSettings.model_validate(given)
    return [*by_clusterctl(settings), *by_flux(settings)]


def check_all(local: Local) -> None:
    """Every controller's running pods have its replicas, priority, arguments, variables and resources."""
    for each in wanted():
        pods = _running(local, each)
        assert len(pods) == each.replicas, each.name
        for pod in pods:
            _check(pod["spec"], each)


def _check(pod: Any, controller: Controller) -> None:
    container = pod["containers"][0]
    assert pod["priorityClassName"] == "system-cluster-critical", controller.name
    assert pod["nodeSelector"]["kubernetes.azure.com/agentpool"] == "controllers"
    assert container["resources"] == controller.resources, controller.name
    # The last of the same name counts, so ours have to be there once.
    for argument in controller.arguments:
        flag = argument.partition("=")[0]
        assert [each for each in container["args"] if each.partition("=")[0] == flag] == [argument], controller.name
    for variable in controller.environment:
        assert variable in container["env"], controller.name


def _running(local: Local, controller: Controller) -> list[Any]:
    labels = ",".join(f"{key}={value}" for key, value in controller.pods.items())
    found = local.get(MANAGEMENT, "pods", "--namespace", controller.namespace, "--selector", labels)["items"]
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def revisions(local: Local) -> dict[str, int]:
    """How often each controller was given another pod, by name: Kubernetes counts the revisions of a Deployment."""
    found = {}
    for each in wanted():
        deployment = local.get(MANAGEMENT, "deployment", each.name, "--namespace", each.namespace)
        found[each.name] = int(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    return found
