"""Waits until the management cluster lets this program in: Azure takes minutes to act on a new role assignment.

https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected

What happens when
- the cluster is new, or another than before: waits until its API server says that this identity may administer it;
- nothing changed: nothing is asked, so that a preview needs no reachable cluster;
- the resource is deleted: nothing.
"""

from __future__ import annotations

import time
from typing import Any, Final

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from external.command import ExternalError, require
from external.engine import hide_tracebacks_of_expected_errors, status
from management_cluster.cluster_access import ClusterAccess

PATIENCE: Final = 600.0
"""Seconds; twice what Azure's documentation says."""

INTERVAL: Final = 5.0
SOURCE: Final = "https://azure.github.io/kubelogin/install.html"


class Admission(Resource, module="slipway", name="Admission"):
    """Done once the holder of a kubeconfig is an administrator of the cluster.

    Attributes:
        kubeconfig: the same that was given, known when it works; a secret.

    Raises:
        pulumi.RunError: `kubelogin`, which the kubeconfig names, is missing.
    """

    kubeconfig: pulumi.Output[str]

    def __init__(
        self, resource_name: str, kubeconfig: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        try:
            require("kubelogin", SOURCE)
        except ExternalError as error:
            raise pulumi.RunError(str(error)) from None
        super().__init__(_Door(), resource_name, {"kubeconfig": pulumi.Output.secret(kubeconfig)}, opts)


class _Door(ResourceProvider):
    """What Pulumi calls, in the dynamic provider's process."""

    serialize_as_secret_always = False

    def configure(self, req: object) -> None:
        hide_tracebacks_of_expected_errors()

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        # One that is not known yet is that of a cluster which is being changed, and most likely the same.
        return DiffResult(changes=_news["kubeconfig"] not in (UNKNOWN, _olds.get("kubeconfig")))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("admitted", _wait(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_wait(_news))


def _wait(props: dict[str, Any]) -> dict[str, Any]:
    cluster, began = ClusterAccess(props["kubeconfig"]), time.monotonic()
    while reason := cluster.not_admitted():
        gone = time.monotonic() - began
        if gone > PATIENCE:
            raise ExternalError(
                f"after {gone:.0f} s the management cluster does not let this identity in: {reason}. Who created the "
                "cluster and members of slipway:adminGroups may administer it; sign in as one of them, then try again"
            )
        status(f"{reason}: {gone:.0f} s; Azure takes minutes to act on a new role assignment")
        time.sleep(INTERVAL)
    return {"kubeconfig": props["kubeconfig"]}
