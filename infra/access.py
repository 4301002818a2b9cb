"""Who may do what in Azure: built-in roles, and how a role is assigned to an identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization

CONDITION_VERSION: Final = "2.0"
"""The version of the language that conditions are written in; Azure has no other."""


@dataclass(frozen=True)
class Assignable:
    """A role as it is assigned.

    Attributes:
        name: in the logical names of its assignments.
        definition: ARM id of its definition.
        condition: when the assignment counts: https://learn.microsoft.com/azure/role-based-access-control/conditions-format
        after: what has to be there before.
    """

    name: str
    definition: str
    condition: str = ""
    after: Sequence[pulumi.Resource] = ()


class Role(Enum):
    """Built-in roles by id. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""

    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    """Networks: AKS joins its nodes and load balancers to the subnet."""

    PRIVATE_DNS_ZONE_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
    """Private DNS zones: AKS writes the API server's name into one, and links it with the cluster's network."""

    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    """Reads what it is assigned on: AKS a disk encryption set, to make disks with it."""

    ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    """AcrPull: pulls images from a registry. Without effect where the registry asks for roles by repository (ABAC)."""

    AKS_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
    """Azure Kubernetes Service RBAC Cluster Admin: everything inside clusters that use Azure RBAC."""

    AKS_CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
    """Azure Kubernetes Service Cluster User Role: finds a cluster's address and authority."""

    def of(self, subscription_id: str) -> Assignable:
        """The role as it is found in a subscription."""
        return Assignable(self.name.lower().replace("_", "-"), definition_id(self.value, subscription_id))


def subscription(subscription_id: str) -> str:
    """The scope of a whole subscription."""
    return f"/subscriptions/{subscription_id}"


def definition_id(guid: str, subscription_id: str) -> str:
    """ARM id of a role's definition."""
    return f"{subscription(subscription_id)}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def grant(
    resource_name: str,
    role: Assignable,
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
        subscription_id: of the management cluster, part of the assignment's name.
        owner: name in Azure of what the assignment is made for, part of its own name.
    """
    return authorization.RoleAssignment(
        resource_name,
        # Azure wants a GUID. One that follows from what it is for is found again when the stack's state is lost.
        role_assignment_name=str(uuid5(NAMESPACE_URL, f"{subscription(subscription_id)}/{owner}/{resource_name}")),
        principal_id=to,
        principal_type=principal_type,
        role_definition_id=role.definition,
        scope=on,
        condition=role.condition or None,
        condition_version=CONDITION_VERSION if role.condition else None,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(role.after))),
    )
