"""Deletes the fleet in order, and waits until Azure itself shows nothing of it; killed, the next run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from external.command import ExternalError
from external.kubernetes_api import Refused
from management_cluster.teardown import resource_groups
from management_cluster.teardown.fleet_objects import (
    APPROVED_BY,
    APPROVED_UNTIL,
    AZURE,
    RECONCILE_POLICY,
    FleetObjects,
    Item,
)

DATA: Final = frozenset(
    f"{name}{AZURE}"
    for name in (
        "cache",
        "dbformysql",
        "dbforpostgresql",
        "documentdb",
        "keyvault",
        "kusto",
        "sql",
        "storage",
    )
)
"""Groups whose resources hold data: `fleet/repository/policies/approve-deletion.yaml` guards the same."""

HOLDS_DATA: Final = "slipway.dev/holds-data"
"""Label of any other resource that does: `fleet/repository/policies/holds-data.yaml`."""

PATIENCE: Final = 3600.0
"""Seconds until a drain gives up and says what is left; the next one goes on."""

PAUSE: Final = 5.0
APPROVAL: Final = timedelta(hours=4)
LONGEST: Final = timedelta(days=30)
"""An approval for longer is none: `fleet/repository/policies/approve-deletion.yaml`."""


def drain(fleet: FleetObjects, approver: str, say: Callable[[str], None], patience: float = PATIENCE) -> list[str]:
    """Approve and delete all Clusters, then the other Azure resources, owners last; then ask Azure.

    Args:
        approver: who answers for it, as the approval on every object says.
        say: is told what is awaited.
        patience: seconds.

    Returns:
        The Azure resources that were left because their reconcile-policy says so.

    Raises:
        ExternalError: something holds data and is not approved (then nothing was touched), or did not go in time; has
            the reasons that Kubernetes and Azure give.
    """
    _refuse_data(fleet.azure())
    suspend(fleet)
    groups = resource_groups.remember(fleet, left_alone)
    deadline = time.monotonic() + patience
    while left := _step(fleet, approver):
        _wait(deadline, left, say)
    while left := resource_groups.still_in_azure(fleet, groups, _approval(approver)):
        _wait(deadline, left, say)
    return [item.words for item in fleet.azure()]


def suspend(fleet: FleetObjects) -> None:
    """Stop Flux from applying anything on the management cluster again."""
    for item in fleet.kustomizations():
        fleet.merge(item, {"spec": {"suspend": True}})


def holds_data(item: Item) -> bool:
    """Whether losing it loses data, by its kind or by its label."""
    group = str(item.content["apiVersion"]).partition("/")[0]
    return group in DATA or (item.metadata.get("labels") or {}).get(HOLDS_DATA) == "true"


def _refuse_data(azure: list[Item]) -> None:
    kept = [
        item.words
        for item in azure
        if holds_data(item) and not left_alone(item) and not approved(item) and not item.deleting
    ]
    if kept:
        raise ExternalError(
            "these hold data, and draining the fleet would delete them: " + ", ".join(kept) + f". Approve each by the "
            f"annotations {APPROVED_BY} and {APPROVED_UNTIL}, or keep it in Azure by {RECONCILE_POLICY}: "
            "detach-on-delete. Nothing was changed"
        )


def approved(item: Item) -> bool:
    """Whether the deletion of an object is approved at this moment, as the policies see it."""
    try:
        until = datetime.strptime(item.annotations.get(APPROVED_UNTIL, ""), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return False
    now = datetime.now(UTC)
    return bool(item.annotations.get(APPROVED_BY)) and now < until < now + LONGEST


def left_alone(item: Item) -> bool:
    """Whether Azure keeps it although its object goes; that of a cluster follows the approval of its cluster."""
    return not item.of_a_cluster and item.annotations.get(RECONCILE_POLICY) in ("skip", "detach-on-delete")


def _step(fleet: FleetObjects, approver: str) -> list[str]:
    """Ask for the deletion of what may go now; one line for each object that is still there."""
    clusters, azure = fleet.clusters(), fleet.azure()
    left = []
    for cluster in clusters:
        parts = [item for item in azure if item.key == cluster.key and item.of_a_cluster]
        left.append(_delete(fleet, cluster, approver, parts))
    others = [
        item
        for item in azure
        if not item.of_a_cluster and not left_alone(item) and not resource_groups.is_question(item)
    ]
    owners = {owner["uid"] for item in azure for owner in item.metadata.get("ownerReferences") or []}
    for item in others:
        if item.metadata["uid"] in owners or (clusters and item.content["kind"] == "ResourceGroup"):
            left.append(f"{item.words}: waits for what is in it")
        else:
            left.append(_delete(fleet, item, approver, []))
    return left + [f"{item.words}: {_said(item)}" for item in azure if item.of_a_cluster]


def _delete(fleet: FleetObjects, item: Item, approver: str, parts: list[Item]) -> str:
    if item.deleting:
        return f"{item.words}: {_said(item)}"
    try:
        patch: dict[str, Any] = {}
        if not approved(item) and not holds_data(item):
            patch["metadata"] = {"annotations": _approval(approver)}
        if item.content["kind"] == "Cluster" and item.content["spec"].get("paused"):
            patch["spec"] = {"paused": False}
        if patch:
            fleet.merge(item, patch)
        # Where Azure would keep a part, the approval is still on its way to it.
        if waiting := [part.words for part in parts if part.annotations.get(RECONCILE_POLICY) != "manage"]:
            return f"{item.words}: its approval is on its way to {', '.join(waiting)}"
        fleet.delete(item)
    except Refused as refused:
        return f"{item.words}: {refused}"
    return f"{item.words}: is being deleted"


def _approval(approver: str) -> dict[str, str]:
    until = datetime.now(UTC) + APPROVAL
    return {APPROVED_BY: approver, APPROVED_UNTIL: until.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _said(item: Item) -> str:
    """Why it is still there, as its controller says."""
    said = item.condition("Deleting") or item.condition("Ready")
    return " ".join(str(said.get("message") or said.get("reason") or "is being deleted").split())


def _wait(deadline: float, left: list[str], say: Callable[[str], None]) -> None:
    if time.monotonic() > deadline:
        lines = "".join(f"\n    {line}" for line in left)
        raise ExternalError(
            f"the fleet is not gone after waiting long; what is left, and why:{lines}\n"
            "  Mend it and run `pulumi destroy` again: it goes on where it stopped"
        )
    say(f"draining the fleet, {len(left)} left: " + "; ".join(left[:3]))
    time.sleep(PAUSE)
