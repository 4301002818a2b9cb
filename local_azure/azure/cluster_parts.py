"""What AKS makes around a cluster: its identities and the node resource group."""

from __future__ import annotations

import uuid
from typing import Any

from local_azure.azure.directory import IDENTITIES
from local_azure.azure.identifiers import RESOURCE_GROUPS
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure


def system_identity(azure: Azure, put: Put) -> dict[str, Any]:
    """The `identity` of a cluster: a service principal of its own, or the assigned ones with their principals."""
    known = (put.existing.body.get("identity") if put.existing else None) or {}
    identity = put.body.get("identity") or known
    if identity["type"] == "SystemAssigned":
        principal = known.get("principalId") or str(uuid.uuid4())
        return {"type": "SystemAssigned", "principalId": principal, "tenantId": azure.tenant}
    assigned = {}
    for reference in identity["userAssignedIdentities"]:
        found = azure.store.get(reference)
        properties = found.properties if found else {}
        assigned[reference] = {name: properties[name] for name in ("clientId", "principalId") if name in properties}
    return {"type": identity["type"], "userAssignedIdentities": assigned}


def make_node_resource_group(azure: Azure, cluster: Resource) -> None:
    """The node resource group with the cluster's tags and the nodes' identity, and that in the cluster's properties.

    https://learn.microsoft.com/azure/aks/use-tags#azure-tags-and-aks-clusters
    """
    properties = cluster.properties
    group_id = f"/subscriptions/{azure.subscription}/resourceGroups/{properties['nodeResourceGroup']}"
    place = {"location": cluster.body["location"]}
    group, tags = azure.store.get(group_id), cluster.body.get("tags")
    body = {**place, "managedBy": cluster.id, "properties": {"provisioningState": "Succeeded"}}
    if group is None or (tags and group.body == {**group.body, **body} and group.body.get("tags") != tags):
        azure.store.put(Resource(group_id, RESOURCE_GROUPS, {**body, **({"tags": tags} if tags else {})}))
    if (properties.get("identityProfile") or {}).get("kubeletidentity"):
        return
    identity_id = f"{group_id}/providers/{IDENTITIES}/{cluster.name}-agentpool"
    found = azure.store.get(identity_id)
    if found is None:
        ids = {"tenantId": azure.tenant, "principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4())}
        found = azure.store.put(Resource(identity_id, IDENTITIES, {**place, "properties": ids}))
    kubelet = {
        "resourceId": identity_id,
        "clientId": found.properties["clientId"],
        "objectId": found.properties["principalId"],
    }
    current = azure.store.get(cluster.id)
    assert current is not None
    azure.store.put(current.with_properties(identityProfile={"kubeletidentity": kubelet}))


def remove_node_resource_group(azure: Azure, cluster: Resource) -> None:
    """Remove the group AKS made, not one that is someone else's."""
    group = azure.store.get(
        f"/subscriptions/{azure.subscription}/resourceGroups/{cluster.properties['nodeResourceGroup']}"
    )
    if group is not None and str(group.body.get("managedBy", "")).lower() == cluster.key:
        azure.store.remove(group.id)
