"""What is read of a Deployment, and when it is as it has to be."""

from __future__ import annotations

from typing import Any

import pytest
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod

from infra.controller_settings import ControllerSettings
from management_cluster.controllers import by_clusterctl
from management_cluster.running_controllers import differences, effect, rolled_out
from management_cluster.running_images import digests

OPERATOR = next(each for each in by_clusterctl(ControllerSettings()) if each.environment)
DIGEST = "sha256:" + "0" * 64


def shaped(**changed: Any) -> Deployment:
    """The operator's Deployment as admission leaves it; `changed` goes before what its container has."""
    container = {
        "name": "manager",
        "args": ["--enable-leader-election", *OPERATOR.arguments],
        "env": OPERATOR.environment,
        "resources": OPERATOR.resources,
        **changed,
    }
    pod = {
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.azure.com/agentpool": "controllers"},
        "containers": [container],
    }
    deployment = Deployment.from_dict(
        {
            "metadata": {"name": OPERATOR.name, "generation": 3},
            "spec": {"replicas": 2, "selector": {}, "template": {"spec": pod}},
            "status": {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2},
        }
    )
    assert isinstance(deployment, Deployment)
    return deployment


def test_a_deployment_as_the_policy_makes_it_has_all_that_is_wanted() -> None:
    assert effect(shaped(), OPERATOR.wanted) == OPERATOR.wanted
    assert differences(effect(shaped(), OPERATOR.wanted), OPERATOR.wanted) == []


def test_what_upstream_has_differs_by_name() -> None:
    elsewhere = {"secretKeyRef": {"name": "aso-controller-settings", "key": "MAX_CONCURRENT_RECONCILES"}}
    found = shaped(env=[{"name": "MAX_CONCURRENT_RECONCILES", "valueFrom": elsewhere}], resources={})
    assert differences(effect(found, OPERATOR.wanted), OPERATOR.wanted) == [
        "cpu (none) → 200m",
        "memory (none) → 512Mi",
        "mostMemory (none) → 1Gi",
        "MAX_CONCURRENT_RECONCILES (from elsewhere) → 10",
        "GOMEMLIMIT (none) → 820MiB",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("observedGeneration", 2), ("updatedReplicas", 1), ("replicas", 3), ("availableReplicas", 1)]
)
def test_a_rollout_that_goes_on_is_waited_for(field: str, value: int) -> None:
    deployment = shaped()
    assert rolled_out(deployment)
    setattr(deployment.status, field, value)
    assert not rolled_out(deployment)


def pod(image: str, image_id: str) -> Pod:
    """A pod with one container that runs."""
    status = {"name": "manager", "image": image, "imageID": image_id, "ready": True, "restartCount": 0}
    container = {"name": "manager", "image": image}
    running = Pod.from_dict({"spec": {"containers": [container]}, "status": {"containerStatuses": [status]}})
    assert isinstance(running, Pod)
    return running


def test_a_digest_is_that_of_what_runs() -> None:
    running = pod("registry.k8s.io/cluster-api/controller:v1", f"mirror/cluster-api/controller@{DIGEST}")
    pulling = pod("quay.io/jetstack/webhook:v1", "")
    assert digests([running, pulling]) == {"registry.k8s.io/cluster-api/controller:v1": DIGEST}


def test_a_tag_that_means_two_images_at_once_is_seen() -> None:
    other = DIGEST.replace("0", "1")
    found = digests([pod("host/image:v1", f"host/image@{each}") for each in (other, DIGEST)])
    assert found == {"host/image:v1": f"{DIGEST}, {other}"}
