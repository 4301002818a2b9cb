"""A cluster on virtual machines as far as it goes here, where none is booted. The request log is the witness."""

from __future__ import annotations

import base64
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually

NAME = "machines"
REQUEST = CHECKOUT / "tests/fleet/requests/machines"


def test_machines_are_made_from_their_bootstrap_data_and_all_of_it_goes(local: Local) -> None:
    began = time.time()
    _merge(local, "Add", lambda fleet: shutil.copytree(REQUEST, fleet / merges.CLUSTERS / NAME))
    eventually(lambda: _written(local, began), 300, "a virtual machine for the control plane")
    put = _written(local, began)[0]
    machine = put["path"].rpartition("/")[2]
    data = local.get(MANAGEMENT, "secret", machine, "-n", CLUSTERS)["data"]["value"]
    assert put["body"]["properties"]["osProfile"]["customData"] == f"sha256:{hashlib.sha256(data.encode()).hexdigest()}"
    assert b"kubeadm init" in base64.b64decode(data)

    # Workers wait for a control plane that never answers here.
    _merge(local, "Scale", _scale)
    eventually(lambda: len(_workers(local)) == 2, 60, "two workers")
    assert len(_written(local, began)) == 1

    _merge(local, "Approve", lambda fleet: merges.approve(fleet, NAME))
    eventually(lambda: "prune" not in str(_cluster(local)["metadata"]["annotations"]), 60, "the approval")
    _merge(local, "Remove", lambda fleet: merges.remove(fleet, NAME))
    eventually(lambda: _cluster(local) is None, 300, f"the end of {NAME}")
    assert NAME not in local.resources("Microsoft.Resources/resourceGroups")
    for kind in ("Compute/virtualMachines", "Compute/disks", "Network/networkInterfaces", "Network/loadBalancers"):
        assert local.resources(f"Microsoft.{kind}") == {}


def _merge(local: Local, what: str, edit: Callable[[Path], object]) -> None:
    local.commit(f"{what} {NAME}", edit)
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def _scale(fleet: Path) -> None:
    request = fleet / merges.CLUSTERS / NAME / "cluster.yaml"
    request.write_text(request.read_text().replace("name: apps, replicas: 1", "name: apps, replicas: 2"))


def _written(local: Local, since: float) -> list[Any]:
    found = local.requests(since, method="PUT", path=f"/resourcegroups/{NAME}/.*/virtualmachines/[^/]+$")
    return [each for each in found if each["status"] < 300]


def _workers(local: Local) -> list[Any]:
    label = f"cluster.x-k8s.io/cluster-name={NAME},cluster.x-k8s.io/deployment-name"
    return list(local.get(MANAGEMENT, "machines", "-n", CLUSTERS, "-l", label)["items"])


def _cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", NAME, "-n", CLUSTERS)
