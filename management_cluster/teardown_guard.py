"""Asks the fleet before `pulumi destroy` deletes anything: this resource depends on all others, so it goes first.

What happens when
- it is created or changed: nothing, it only knows the way to the cluster and to the fleet repository;
- it is deleted, or the management cluster is to be replaced: `slipway:teardown` of the stack's config decides, or
  SLIPWAY_TEARDOWN of the environment:
  - refuse: stops when there is a Cluster or an Azure resource, and lists them;
  - drain: deletes the fleet and waits until Azure shows nothing of it;
  - detach: lets go of it; clusters run on in Azure, for another management cluster to adopt;
- the management cluster does not answer, or nobody is signed in: refuses, whatever the setting, until
  SLIPWAY_TEARDOWN_UNCHECKED has its name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult
from pulumi.runtime.rpc import UNKNOWN

from external.command import ExternalError
from external.engine import hide_tracebacks_of_expected_errors, note, status
from external.kubernetes_api import Refused
from fleet import git_access
from infra.settings import Settings, Teardown
from management_cluster.teardown import CHOICE, SETTING
from management_cluster.teardown.detach import BRANCH, detach
from management_cluster.teardown.drain import drain
from management_cluster.teardown.fleet_objects import FleetObjects

if TYPE_CHECKING:  # all of Azure's SDK, which the dynamic provider's process can do without
    from infra.management_cluster import ManagementCluster

UNCHECKED: Final = "SLIPWAY_TEARDOWN_UNCHECKED"
SHOWN: Final = 20
"""Objects that a refusal lists."""


class TeardownGuard(Resource, module="slipway", name="TeardownGuard"):
    """Stands before everything in `after` when that is deleted."""

    def __init__(
        self,
        resource_name: str,
        settings: Settings,
        management: ManagementCluster,
        *,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "name": settings.azure.name,
            "cluster": management.aks.cluster.id,
            "kubeconfig": management.aks.kubeconfig,
            **git_access.inputs(settings.fleet),
        }
        own = pulumi.ResourceOptions(depends_on=list(after))
        super().__init__(_Guard(), resource_name, inputs, pulumi.ResourceOptions.merge(opts, own))


class _Guard(ResourceProvider):
    """What Pulumi calls, in the dynamic provider's process."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        hide_tracebacks_of_expected_errors()
        self._choice = os.environ.get(CHOICE) or req.config.get(SETTING) or "refuse"

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        # With another cluster this one goes first, so that also its replacement asks the fleet.
        replaced = ["cluster"] if _news["cluster"] != _olds.get("cluster") else []
        changed = [key for key in ("name", *git_access.INPUTS) if _news.get(key) != _olds.get(key)]
        renewed = _news["kubeconfig"] not in (UNKNOWN, _olds.get("kubeconfig"))
        return DiffResult(changes=bool(replaced or changed or renewed), replaces=replaced, delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("teardown", props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        answer(self._choice, _props)


def answer(choice: str, props: dict[str, Any]) -> None:
    """Do what `choice` says about the fleet of a management cluster.

    Raises:
        ExternalError: nothing may be deleted now; says why, and what to do.
    """
    if choice not in get_args(Teardown):
        raise ExternalError(f"{SETTING} (or {CHOICE}) is {choice!r}: write {', '.join(get_args(Teardown))}")
    name = props["name"]
    try:
        fleet = FleetObjects(props["kubeconfig"])
        clusters, azure = fleet.clusters(), fleet.azure()
    except Refused:
        raise
    except ExternalError as error:
        if os.environ.get(UNCHECKED) == name:
            note(f"{error}. Nothing was asked, as {UNCHECKED} says; what the fleet has in Azure runs on.")
            return
        raise ExternalError(
            f"{error}. So nobody knows which workload clusters it runs, and nothing was deleted. Mend it, or, to go on "
            f"without asking: `{UNCHECKED}={name} pulumi destroy`. Workload clusters then run on in Azure, unmanaged, "
            "until a management cluster with the same fleet repository adopts them"
        ) from None
    if not clusters and not azure:
        note("No Cluster and no Azure resource is on the management cluster: nothing to ask.")
    elif choice == "refuse":
        raise ExternalError(_refusal([item.words for item in (*clusters, *azure)]))
    elif choice == "drain":
        left = drain(fleet, f"pulumi destroy of {name}", status)
        note(
            "The fleet is drained: Azure shows none of its resource groups."
            + (f" Left there, as reconcile-policy says: {', '.join(left)}" if left else "")
        )
    else:
        let_go = detach(fleet, git_access.remote(props), name, status)
        note(
            f"Let go of, and running on in Azure: {', '.join(let_go) or 'no Cluster'}. What a successor has to adopt "
            f"is in {name}.yaml on the branch {BRANCH} of {props['url']}"
        )


def _refusal(found: list[str]) -> str:
    lines = "".join(f"\n    {line}" for line in found[:SHOWN])
    more = f"\n    … and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (
        f"the management cluster runs a fleet, so nothing was deleted:{lines}{more}\n"
        f"  `{CHOICE}=drain pulumi destroy` deletes all of it in Azure first;\n"
        f"  `{CHOICE}=detach pulumi destroy` leaves it running, for another management cluster to adopt"
    )
