"""Clusters that run in Azure, and are no object of the management cluster."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.status import inventory, unmanaged
from fleet.status.azure_service_operator import RESOURCE_ID
from tests.unit.fleet_status.conftest import Management

SUBSCRIPTION = "/subscriptions/5f3a"
AKS = f"{SUBSCRIPTION}/resourceGroups/first/providers/Microsoft.ContainerService/managedClusters/first"
FOREIGN = AKS.replace("first", "left-over")


class Azure:
    """What Azure lists, by collection."""

    def __init__(self) -> None:
        self.clusters: list[dict[str, Any]] = [{"id": AKS}]
        self.groups: list[dict[str, Any]] = [{"id": f"{SUBSCRIPTION}/resourceGroups/first"}]

    def list(self, path: str, _version: str) -> list[dict[str, Any]]:
        """As `connect` gives it."""
        assert path.startswith(SUBSCRIPTION)
        return self.clusters if path.endswith("managedClusters") else self.groups


@pytest.fixture
def azure(management: Management) -> Azure:
    """One AKS, which the management cluster knows."""
    management.one("managedclusters")["metadata"]["annotations"] = {RESOURCE_ID: AKS.upper()}
    return Azure()


def found(management: Management, azure: Azure) -> list[str]:
    """What is said to be unmanaged."""
    read = inventory.read(management.list_all)
    return list(unmanaged.find(inventory.with_azure(read, management.list_all), azure.list))


def test_a_cluster_of_the_fleet_is_managed_however_azure_spells_its_id(management: Management, azure: Azure) -> None:
    assert found(management, azure) == []


def test_another_cluster_in_the_subscription_is_not(management: Management, azure: Azure) -> None:
    azure.clusters.append({"id": FOREIGN, "tags": None})
    assert found(management, azure) == [FOREIGN]


def test_a_management_cluster_is_its_own_stacks(management: Management, azure: Azure) -> None:
    azure.clusters.append({"id": FOREIGN, "tags": {"managed-by": "slipway"}})
    assert found(management, azure) == []


def test_of_a_self_managed_cluster_the_resource_group_tells(management: Management, azure: Azure) -> None:
    group = f"{SUBSCRIPTION}/resourceGroups/left-over"
    azure.groups.append({"id": group, "tags": {f"{unmanaged.SELF_MANAGED}left-over": "owned"}})
    assert found(management, azure) == [group]


def test_an_empty_fleet_is_asked_for_in_the_subscription_that_the_program_told(
    management: Management, azure: Azure
) -> None:
    management.objects["managedclusters"] = []
    assert found(management, azure) == []
    info = {"name": "runtime-info", "namespace": "flux-system", "labels": {"slipway.dev/file": "runtime-info"}}
    management.objects["configmaps"] = [{"metadata": info, "data": {"subscription_id": "5f3a"}}]
    assert found(management, azure) == [AKS]
