"""Role assignments."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_azure.azure.access import ASSIGNMENTS, Access, built_in_roles
from local_azure.azure.store import Resource, Store

SUBSCRIPTION = "/subscriptions/s"
GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c"
ROLE = {str(role["roleName"]): guid for guid, role in built_in_roles().items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "azure.sqlite")


def assign(store: Store, role: str, scope: str) -> Access:
    properties = {"principalId": "p", "scope": scope, "roleDefinitionId": f"/x/{ROLE[role]}"}
    store.put(Resource(f"{scope}/providers/{ASSIGNMENTS}/a", ASSIGNMENTS, {"properties": properties}))
    return Access(store)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("Owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("Contributor", "Microsoft.ContainerService/managedClusters/write", True),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("Contributor", "Microsoft.Authorization/roleAssignments/read", True),
        ("Reader", "Microsoft.Network/virtualNetworks/read", True),
        ("Reader", "Microsoft.Network/virtualNetworks/write", False),
        ("Reader", "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", False),
        ("Network Contributor", "Microsoft.Network/virtualNetworks/subnets/join/action", True),
        ("Network Contributor", "Microsoft.ContainerService/managedClusters/read", False),
        ("Managed Identity Operator", "microsoft.managedidentity/userassignedidentities/x/ASSIGN/action", True),
        ("Role Based Access Control Administrator", "Microsoft.Authorization/roleAssignments/write", True),
        (
            "Azure Kubernetes Service Cluster User Role",
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            True,
        ),
    ],
)
def test_a_role_allows_its_actions_only(store: Store, role: str, action: str, allowed: bool) -> None:
    assert assign(store, role, SUBSCRIPTION).allows("p", action, CLUSTER) is allowed


@pytest.mark.parametrize(
    ("scope", "where", "allowed"),
    [
        (SUBSCRIPTION, CLUSTER, True),
        (GROUP.upper(), CLUSTER, True),
        (CLUSTER, GROUP, False),
        (GROUP, f"{GROUP}2", False),
        ("/", CLUSTER, True),
    ],
)
def test_an_assignment_counts_at_its_scope_and_below(store: Store, scope: str, where: str, allowed: bool) -> None:
    assert assign(store, "Contributor", scope).allows("p", "Microsoft.Network/x/read", where) is allowed


def test_nobody_else_gains_from_it(store: Store) -> None:
    assert not assign(store, "Owner", SUBSCRIPTION).allows("q", "Microsoft.Network/x/read", CLUSTER)


def test_data_actions_are_not_actions(store: Store) -> None:
    action = "Microsoft.ContainerService/managedClusters/pods/read"
    access = assign(store, "Azure Kubernetes Service RBAC Cluster Admin", CLUSTER)
    assert access.allows("p", action, CLUSTER, data=True)
    assert not access.allows("p", action, CLUSTER)
    assert not assign(store, "Owner", SUBSCRIPTION).allows("p", action, GROUP, data=True)
