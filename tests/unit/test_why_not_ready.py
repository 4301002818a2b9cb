"""The reason a pod is not ready, as it is shown when providers do not come up."""

from __future__ import annotations

from typing import Any

import pytest
from lightkube.resources.core_v1 import Pod

from management_cluster.cluster_access import why_not_ready

CRASHING = {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}
WAITING = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "example/manager"'}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, None),
        ({"phase": "Succeeded"}, None),
        (
            {
                "phase": "Pending",
                "containerStatuses": [{"name": "manager", "ready": False, "state": {"waiting": WAITING}}],
            },
            'manager ImagePullBackOff: Back-off pulling image "example/manager"',
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    {
                        "name": "manager",
                        "ready": False,
                        "state": {"waiting": CRASHING},
                        "lastState": {"terminated": {"exitCode": 128, "message": "exec: /manager: permission denied"}},
                    }
                ],
            },
            "manager CrashLoopBackOff: exec: /manager: permission denied",
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    {"name": "manager", "ready": False, "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}
                ],
            },
            "manager ended with code 2 (Error)",
        ),
        (
            {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}],
            },
            "not scheduled: 0/1 nodes are available",
        ),
        ({"phase": "Pending"}, "phase Pending"),
    ],
)
def test_a_pod_that_is_not_ready_has_a_reason(status: dict[str, Any], reason: str | None) -> None:
    for container in status.get("containerStatuses", []):
        container |= {"image": "example/manager", "imageID": "", "restartCount": 0}
    pod = Pod.from_dict({"metadata": {"name": "p"}, "status": status})
    assert isinstance(pod, Pod)
    assert why_not_ready(pod) == reason
