"""listClusterAdminCredential and listClusterUserCredential: kubeconfigs that work."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.kubernetes_versions import upgrades
from local_azure.azure.resource_type import Action, Call, Reply
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure


def _admin(azure: Azure, call: Call, cluster: Resource) -> Reply:
    """A client certificate, unless local accounts are off."""
    if cluster.properties.get("disableLocalAccounts"):
        raise bad_request(
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        )
    _require_ready(cluster)
    return _credential("clusterAdmin", azure.clusters.admin_kubeconfig(cluster.id))


def _user(azure: Azure, call: Call, cluster: Resource) -> Reply:
    """Entra through kubelogin where the cluster has it; without Entra it is the admin's certificate."""
    _require_ready(cluster)
    if (cluster.properties.get("aadProfile") or {}).get("managed"):
        return _credential("clusterUser", azure.clusters.user_kubeconfig(cluster.id))
    return _credential("clusterUser", azure.clusters.admin_kubeconfig(cluster.id))


def _require_ready(cluster: Resource) -> None:
    if cluster.state in ("Creating", "Deleting"):
        raise conflict(
            "OperationNotAllowed",
            f"Operation is not allowed: managed cluster {cluster.name} is in state {cluster.state}.",
        )


def _credential(name: str, kubeconfig: str) -> Reply:
    value = base64.b64encode(kubeconfig.encode()).decode()
    return Reply(200, {"kubeconfigs": [{"name": name, "value": value}]})


ACTIONS: Mapping[str, Action] = {"listclusteradmincredential": _admin, "listclusterusercredential": _user}


def upgrade_profile(cluster: Resource) -> dict[str, object]:
    """`upgradeProfiles/default` of a cluster."""
    version = cluster.properties["currentKubernetesVersion"]
    profile = {
        "kubernetesVersion": version,
        "osType": "Linux",
        "upgrades": [{"kubernetesVersion": found} for found in upgrades(version)],
    }
    return {
        "id": f"{cluster.id}/upgradeprofiles/default",
        "name": "default",
        "type": f"{cluster.type}/upgradeProfiles",
        "properties": {"controlPlaneProfile": profile, "agentPoolProfiles": []},
    }
