"""A class version by waves on real controllers: Azure is asked for the canary first, for others when that is well."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_azure.instance import OPERATOR_CLIENT_ID
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

CANARY = "canary"
RING = Path("environments/dev/canary")
CHANGE = ("disableLocalAccounts: true", "disableLocalAccounts: true\n                tags: {class: v2}")
SOAK = 20
"""Seconds a canary has to be well here."""


@pytest.fixture(scope="module")
def canary(local: Local) -> Iterator[None]:
    """A canary beside the first cluster, both on class v1; gone afterwards by two merges."""
    merge(local, "A canary", _add)
    eventually(lambda: ready(local, "dev-canary"), 400, "a healthy canary")
    yield
    local.heal()
    merge(local, "Approve", lambda fleet: merges.approve(fleet, CANARY, RING))
    eventually(lambda: "prune" not in str(cluster(local)["metadata"]["annotations"]), 90, "the approval")
    merge(local, "Remove", lambda fleet: merges.remove(fleet, CANARY, RING))
    eventually(lambda: cluster(local) is None, 300, "the end of the canary")


def test_a_class_that_azure_refuses_for_the_canary_reaches_no_other_cluster(local: Local, canary: None) -> None:
    began = time.time()
    local.fault("respond", method="PUT", path=f"managedclusters/{CANARY}$", status=409, code="Conflict")
    merge(local, "Class v2", _second_class)
    eventually(lambda: asked(local, CANARY, began), 120, "class v2 for the canary")
    time.sleep(3 * SOAK)
    assert asked(local, FIRST, began) == []
    assert not ready(local, "dev-release")

    local.heal()
    merge(local, "Back to v1", lambda fleet: _release(fleet, "v1"))
    eventually(lambda: ready(local, "dev-release"), 240, "the release before, everywhere")
    assert asked(local, FIRST, began) == []


def test_a_class_reaches_the_canary_and_then_the_others(local: Local, canary: None) -> None:
    began = time.time()
    merge(local, "Class v2 again", lambda fleet: _release(fleet, "v2"))
    eventually(lambda: asked(local, FIRST, began), 400, "class v2 for the first cluster")
    accepted = next(each["time"] for each in asked(local, CANARY, began) if each["status"] < 300)
    assert asked(local, FIRST, began)[0]["time"] > accepted + SOAK
    merge(local, "Class v1", lambda fleet: _release(fleet, "v1"))
    eventually(lambda: ready(local, "dev-release"), 240, "class v1 everywhere")


def merge(local: Local, message: str, edit: Any) -> None:
    local.commit(message, edit)
    local.reconcile(MANAGEMENT, "source", "git", "fleet")


def asked(local: Local, name: str, since: float) -> list[Any]:
    """Requests that set the second class's tag on a cluster's ManagedCluster."""
    found = local.requests(since, method="PUT", path=f"/managedclusters/{name}$")
    return [each for each in found if each["client_id"] != OPERATOR_CLIENT_ID and "v2" in str(each["body"].get("tags"))]


def ready(local: Local, kustomization: str) -> bool:
    found = local.get(MANAGEMENT, "kustomization", kustomization, "-n", "flux-system")
    head = local.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")["status"]["artifact"]["revision"]
    status = (found or {}).get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
    return conditions.get("Ready") == "True" and status.get("lastAppliedRevision") == head


def cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", CANARY, "-n", CLUSTERS)


def _add(fleet: Path) -> None:
    waves = fleet / "management/waves.yaml"
    waves.write_text(waves.read_text().replace("'5m'", f"'{SOAK}s'").replace("interval: 1m", "interval: 10s"))
    shutil.copytree(fleet / "environments/dev/clusters" / FIRST, fleet / RING / CANARY)
    merges.edit(fleet / RING, CANARY, f"name: {FIRST}", f"name: {CANARY}")


def _second_class(fleet: Path) -> None:
    text = (fleet / "classes/aks-v1.yaml").read_text()
    (fleet / "classes/aks-v2.yaml").write_text(text.replace("name: aks-v1", "name: aks-v2").replace(*CHANGE))
    shutil.copytree(fleet / "classes/aks-aso-v1", fleet / "classes/aks-aso-v2")
    listed = fleet / "classes/kustomization.yaml"
    listed.write_text(listed.read_text().replace("- aks-v1.yaml", "- aks-v1.yaml\n- aks-v2.yaml"))
    _release(fleet, "v2")


def _release(fleet: Path, version: str) -> None:
    file = fleet / "environments/dev/release.yaml"
    file.write_text(re.sub(r"(class_version:) \S+", rf"\1 {version}", file.read_text()))
