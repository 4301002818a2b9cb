"""A self-managed cluster outlives its management cluster by a copy of its objects, which `clusterctl move` makes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually
from tests.faults.management import Management, changed
from tests.faults.runbook import blocks

MINUTES = 60.0
PAGE = "disaster-recovery.md"
NAME = "machines"
REQUEST = CHECKOUT / "tests/fleet/requests" / NAME
MACHINES = "Microsoft.Compute/virtualMachines"
QUIET = 90
"""Seconds in which Cluster API would have begun another control plane."""


@pytest.mark.fault(28)
def test_a_self_managed_cluster_is_taken_over_from_a_copy(fleet: Local, tmp_path: Path) -> None:
    copy, restore = (
        f"cd {tmp_path}\n{block.replace('<name>', NAME)}" for block in blocks(PAGE, "Self-managed clusters")
    )
    merge(fleet, "Add", lambda repository: shutil.copytree(REQUEST, repository / merges.CLUSTERS / NAME))
    eventually(lambda: fleet.resources(MACHINES), 400, "a virtual machine for the control plane")
    eventually(lambda: extension(fleet), 120, "all that is made of a machine here")
    machines, authority = fleet.resources(MACHINES), secret(fleet)
    fleet.run("bash", "-ec", copy, timeout=5 * MINUTES)

    merge(fleet, "Pause", lambda repository: pause(repository, paused=True))
    management, began = Management(fleet), time.time()
    management.wipe()
    eventually(lambda: fleet.get(MANAGEMENT, "namespaces") is not None, 120, "the empty management cluster")
    fleet.run("bash", "-ec", blocks(PAGE, "The management cluster is lost")[0], timeout=20 * MINUTES)
    eventually(lambda: get(fleet, "cluster", NAME), 300, "the paused request")
    fleet.run("bash", "-ec", restore, timeout=5 * MINUTES)
    merge(fleet, "Go on with", lambda repository: pause(repository, paused=False))

    time.sleep(QUIET)
    assert fleet.resources(MACHINES) == machines
    assert changed(fleet, began) == []
    assert secret(fleet) == authority
    assert {each["metadata"]["name"] for each in control_plane(fleet)} == set(machines)

    merge(fleet, "Approve", lambda repository: merges.approve(repository, NAME))
    eventually(lambda: "prune" not in str(get(fleet, "cluster", NAME)["metadata"]["annotations"]), 60, "the approval")
    merge(fleet, "Remove", lambda repository: merges.remove(repository, NAME))
    eventually(lambda: get(fleet, "cluster", NAME) is None, 400, f"the end of {NAME}")


def merge(local: Local, what: str, edit: Callable[[Path], object]) -> None:
    """Commit to main, and have Flux apply it."""
    local.commit(f"{what} {NAME}", edit)
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def pause(repository: Path, *, paused: bool) -> None:
    """As the runbook says; the request is as it was, afterwards."""
    request = repository / merges.CLUSTERS / NAME / "cluster.yaml"
    before, after = "spec:\n  topology:", "spec:\n  paused: true\n  topology:"
    request.write_text(request.read_text().replace(*((before, after) if paused else (after, before))))


def get(local: Local, kind: str, name: str) -> Any:
    """An object of the fleet; None where there is none."""
    return local.get(MANAGEMENT, kind, name, "-n", CLUSTERS)


def secret(local: Local) -> Any:
    """The authority that all of the cluster's certificates are of."""
    return get(local, "secret", f"{NAME}-ca")["data"]


def control_plane(local: Local) -> list[Any]:
    """Its machines."""
    label = f"cluster.x-k8s.io/cluster-name={NAME},cluster.x-k8s.io/control-plane"
    return list(local.get(MANAGEMENT, "machines", "-n", CLUSTERS, "-l", label)["items"])


def extension(local: Local) -> list[Any]:
    """Requests for the last part of a machine that comes to be here."""
    return local.requests(method="PUT", path=f"/resourcegroups/{NAME}/.*/extensions/")
