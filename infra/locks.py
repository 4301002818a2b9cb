"""What Azure lets nobody delete before a lock is taken away, not even an Owner: the cluster, and its public address.

Not the whole resource group, though that is what one thinks of first. A lock also holds what hangs on a resource or is
below it, so one on the group would keep federated credentials, whose deletion ends somebody's trust at once, role
assignments, and everything that a newer program replaces. Each of these would need the lock away, and with it all
protection. These two scopes are enough:
- the cluster: a group in which one resource is locked cannot be deleted at all, and while its nodes run Azure itself
  keeps the network ("in use");
- the address: it is in other people's firewalls, and once given back nobody gets it again.

Not locked is what the program makes again as it was: identities (under new principals, with their roles), subnets
without nodes. The group of the nodes is AKS's own, and locked it could not scale or upgrade.
https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization

from infra import naming


def lock(
    resource_name: str,
    *,
    on: pulumi.Input[str],
    cluster: str,
    notes: str,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> authorization.ManagementLockByScope:
    """Let nobody delete a resource.

    Args:
        on: its ARM id.
        cluster: name of the management cluster.
        notes: shown in Azure beside it.
        after: what is below the resource or hangs on it. The lock is set after all of it, and taken away before any.
    """
    return authorization.ManagementLockByScope(
        resource_name,
        lock_name=naming.lock(cluster),
        scope=on,
        level=authorization.LockLevel.CAN_NOT_DELETE,
        notes=notes,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )
