"""How a role of our own is defined in a subscription.

Azure takes up to ten minutes until it knows a new role everywhere, and refuses an assignment of it until then. That is
a 400, which azure-native does not repeat: `pulumi up` again goes on.
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization

from infra.access import Assignable, definition_id, subscription
from infra.fleet_roles import FleetRole


def define(
    resource_name: str,
    role: FleetRole,
    *,
    cluster: str,
    subscription_id: str,
    target: str,
    condition: str = "",
    opts: pulumi.ResourceOptions,
) -> Assignable:
    """Define a role in the subscription `target`, where it can be assigned afterwards.

    Args:
        cluster: name of the management cluster.
        subscription_id: its subscription.
        condition: when an assignment of the role counts.
    """
    scope = subscription(target)
    guid = str(uuid5(NAMESPACE_URL, f"{subscription(subscription_id)}/{cluster}/{role.purpose}{scope}"))
    definition = authorization.RoleDefinition(
        resource_name,
        role_definition_id=guid,
        # Unique in the tenant, where another management cluster may have the same name.
        role_name=f"Slipway {cluster} {role.purpose} {guid[:8]}",
        role_type="CustomRole",
        description=role.description,
        scope=scope,
        assignable_scopes=[scope],
        permissions=[
            authorization.PermissionArgs(actions=list(role.actions), data_actions=list(role.data_actions) or None)
        ],
        opts=opts,
    )
    return Assignable(role.purpose, definition_id(guid, target), condition, (definition,))
