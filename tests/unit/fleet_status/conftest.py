"""A management cluster with one healthy workload cluster, as a real one answered; each test breaks what it is about."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet.status import health, inventory
from fleet.status.health import ClusterStatus, FleetStatus

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())

Object = dict[str, Any]


class Management:
    """What the management cluster answers, by plural; `asked` has what was listed."""

    def __init__(self) -> None:
        self.objects: dict[str, list[Object]] = copy.deepcopy(RECORDED)
        self.asked: list[str] = []
        self.old()

    def list_all(self, _group: str, _version: str, plural: str, label: str = "") -> list[Object]:
        """As `connect` gives it."""
        self.asked.append(f"{plural} with {label}" if label else plural)
        found = self.objects.get(plural, [])
        return [each for each in found if not label or label in each["metadata"].get("labels", {})]

    def one(self, plural: str, name: str = "first") -> Object:
        """An object to change."""
        return next(each for each in self.objects[plural] if each["metadata"]["name"] == name)

    def old(self, age: timedelta = timedelta(days=3)) -> None:
        """Let the cluster have been made a while ago."""
        self.one("clusters")["metadata"]["creationTimestamp"] = (datetime.now(UTC) - age).isoformat()

    def request_is_a_managed_cluster(self) -> None:
        """As in the class aks-aso: no Cluster, but the objects of Azure Service Operator that hydration labels."""
        for plural in ("clusters", "machinepools", "azureasomanagedcontrolplanes"):
            self.objects[plural] = []
        cluster, pool = self.one("managedclusters"), self.one("managedclustersagentpools", "first-system")
        cluster["metadata"]["labels"] |= {"environment": "dev", "ring": "clusters", "class": "aks-aso-v1"}
        version = {"orchestratorVersion": "1.36.3"}
        cluster["spec"] = {
            "kubernetesVersion": "1.36.3",
            "agentPoolProfiles": [{"name": "system", "count": 1, **version}],
        }
        cluster["status"] |= {
            "currentKubernetesVersion": "1.36.3",
            "agentPoolProfiles": [{"name": "system", "count": 1}],
        }
        pool["metadata"]["labels"]["environment"] = "dev"
        pool["spec"] = {"azureName": "apps", "count": 2, "owner": {"name": "first"}, **version}
        pool["status"]["count"] = 2

    def condition(self, plural: str, name: str, type_: str, **values: str) -> None:
        """Set a condition of an object, as its controller would."""
        conditions = self.one(plural, name)["status"]["conditions"]
        found = next((each for each in conditions if each["type"] == type_), None)
        if found is None:
            conditions.append(found := {"type": type_})
        found.update(values)

    def status(self) -> FleetStatus:
        """What the command makes of it."""
        found = inventory.read(self.list_all)
        judged = health.judge(found)
        return judged if judged.ready else health.judge(inventory.with_azure(found, self.list_all))

    def first(self) -> ClusterStatus:
        """The status of the only cluster."""
        (cluster,) = self.status().clusters
        return cluster


@pytest.fixture
def management() -> Management:
    """All is well."""
    return Management()


@pytest.fixture
def unready(management: Management) -> Callable[..., None]:
    """Makes a condition of the cluster false, and with it Available."""

    def change(type_: str, reason: str, message: str = "") -> None:
        management.condition("clusters", "first", type_, status="False", reason=reason, message=message)
        summed = f"* {type_}: {message}"
        management.condition("clusters", "first", "Available", status="False", reason="NotAvailable", message=summed)

    return change
