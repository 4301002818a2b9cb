"""Waits until the management cluster lets this program in: Azure takes minutes to act on a new role assignment.

https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected

What happens when
- the cluster is new, or another than before: waits until its API server says that this identity may administer it;
  for an API server that cannot be reached it waits less, and not at all where nobody is signed in;
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
from external.kubernetes_api import Refused, Unauthorized, Unreachable
from management_cluster.cluster_access import ClusterAccess

PATIENCE: Final = 600.0
"""Seconds; twice what Azure's documentation says."""

COMING_UP: Final = 180.0
"""Seconds without an answer, as from a new API server, or before its name is known."""

INTERVAL: Final = 5.0
NOT_YET: Final = (
    "not an administrator of the management cluster yet; Azure takes minutes to act on a new role assignment"
)
IDENTITY: Final = (
    "Its creator and members of slipway:adminGroups may administer it: sign in as one of them and try again"
)
NETWORK: Final = (
    "Is its API server private (slipway:privateApiServer), or closed to this machine (slipway:authorizedIpRanges)? "
    "Run this where it can be reached"
)
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
    answered = began
    while True:
        try:
            if cluster.admits():
                return {"kubeconfig": props["kubeconfig"]}
            answered = time.monotonic()
            reason, mend, left = NOT_YET, IDENTITY, began + PATIENCE - answered
        except (Unreachable, Unauthorized, Refused) as error:
            reason, mend = str(error), NETWORK if isinstance(error, Unreachable) else IDENTITY
            left = answered + COMING_UP - time.monotonic()
        if left < 0:
            raise ExternalError(f"{reason}. {mend}")
        status(f"{reason}; waiting {left:.0f} s more at most")
        time.sleep(INTERVAL)
