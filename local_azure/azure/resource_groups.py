"""Microsoft.Resources: resource groups. Deleting one deletes all that is in it, as one operation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

CLUSTERS = "Microsoft.ContainerService/managedClusters"
NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")


class ResourceGroups(ResourceType):
    """https://learn.microsoft.com/rest/api/resources/resource-groups"""

    name = "Microsoft.Resources/resourceGroups"
    slow_delete = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Names have up to 90 letters, digits, `-_.()` and no full stop at the end."""
        if not NAME.fullmatch(put.id.name):
            raise bad_request(
                "InvalidResourceGroup",
                f"The provided resource group name '{put.id.name}' has these invalid characters or length. The name "
                "can only be a letter, digit, '-', '.', '(', ')' or '_', at most 90 of them, and not end with '.'.",
            )
        return super().accept(azure, put)

    def tear_down(self, azure: Azure, resource: Resource) -> None:
        """Delete what is real first, clusters and machines; what they use goes with the rest.

        Raises ArmError when resources of other groups still use something in here.
        """
        users = _used_from_outside(azure, resource)
        if users:
            raise conflict(
                "ResourceGroupDeletionBlocked",
                f"Deletion of resource group '{resource.name}' failed as resources with identifiers "
                f"'{', '.join(users)}' still use resources in it.",
            )
        real = [found for found in azure.store.below(resource.id) if azure.type_of(found).real]
        with azure.store.transaction():
            for found in real:
                azure.store.put(found.with_properties(provisioningState="Deleting"))
        for found in real:
            if found.type == CLUSTERS:  # a machine is not waited for: its agent may never answer
                azure.operations.wait_idle(found.id)
            azure.type_of(found).tear_down(azure, found)
            azure.store.remove(found.id)


def _used_from_outside(azure: Azure, group: Resource) -> Sequence[str]:
    """IDs of clusters in other groups whose nodes are in this one's networks."""
    inside = group.key + "/"
    return [
        cluster.id
        for cluster in azure.store.of_type(CLUSTERS)
        if not cluster.key.startswith(inside) and _subnets(azure, cluster, inside)
    ]


def _subnets(azure: Azure, cluster: Resource, inside: str) -> bool:
    pools: list[dict[str, Any]] = [pool.properties for pool in azure.store.below(cluster.id)]
    return any(str(pool.get("vnetSubnetID", "")).lower().startswith(inside) for pool in pools)
