"""What runs of the agent on the workload cluster: a fault of the management cluster must not disturb it."""

from __future__ import annotations

from typing import Any

from tests.e2e.local import FIRST, Local


def agent(local: Local) -> dict[str, Any]:
    """Its pods by name, with identity and restarts."""
    pods = local.get(FIRST, "pods", "-n", "flux-system")["items"]
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            [status["restartCount"] for status in pod["status"]["containerStatuses"]],
        )
        for pod in pods
    }
