"""Who may do what in Azure: built-in roles, and their assignment to identities."""

from __future__ import annotations

from enum import Enum
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization


class Role(Enum):
    """Built-in roles by id. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""

    CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    """Everything but granting access."""

    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    """Networks: AKS joins its nodes and load balancers to the subnet."""

    AKS_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
    """Azure Kubernetes Service RBAC Cluster Admin: everything inside clusters that use Azure RBAC."""

    AKS_CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
    """Azure Kubernetes Service Cluster User Role: finds a cluster's address and authority."""


def subscription(subscription_id: str) -> str:
    """The scope of a whole subscription."""
    return f"/subscriptions/{subscription_id}"


def grant(
    resource_name: str,
    role: Role,
    *,
    to: pulumi.Input[str],
    on: pulumi.Input[str],
    subscription_id: str,
    owner: str,
    # Without the type Azure looks the principal up, and refuses one that is younger than its directory replicas.
    principal_type: pulumi.Input[authorization.PrincipalType] = authorization.PrincipalType.SERVICE_PRINCIPAL,
    opts: pulumi.ResourceOptions,
) -> authorization.RoleAssignment:
    """Assign a role.

    Args:
        to: principal id of an identity, a person or a group.
        on: scope, an ARM id.
        subscription_id: where the role's definition is looked up.
        owner: name in Azure of what the assignment is made for, part of its own name.
    """
    definitions = f"{subscription(subscription_id)}/providers/Microsoft.Authorization/roleDefinitions"
    return authorization.RoleAssignment(
        resource_name,
        # Azure wants a GUID. One that follows from what it is for is found again when the stack's state is lost.
        role_assignment_name=str(uuid5(NAMESPACE_URL, f"{subscription(subscription_id)}/{owner}/{resource_name}")),
        principal_id=to,
        principal_type=principal_type,
        role_definition_id=f"{definitions}/{role.value}",
        scope=on,
        opts=opts,
    )
