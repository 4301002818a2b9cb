"""Read-only documents of Microsoft.ContainerService: versions in a region, upgrade profiles, operations."""

from __future__ import annotations

import re

from local_azure.azure import kubernetes_versions
from local_azure.azure.cluster_credentials import upgrade_profile
from local_azure.azure.directory import CLUSTERS
from local_azure.azure.errors import bad_request, not_found
from local_azure.azure.regions import REGIONS, normal
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.subscription import Azure

VERSIONS = re.compile(
    r"(/subscriptions/[^/]+)/providers/Microsoft\.ContainerService/locations/([^/]+)/kubernetesVersions", re.IGNORECASE
)
PROFILE = re.compile(r"(/subscriptions/.+/managedClusters/[^/]+)/upgradeProfiles/default", re.IGNORECASE)
OPERATIONS = re.compile(r"/providers/Microsoft\.ContainerService/operations", re.IGNORECASE)


def answer(azure: Azure, call: Call) -> Reply | None:
    """The document at a path; None when the path is about something else."""
    if call.method not in ("GET", "HEAD"):
        return None
    if found := VERSIONS.fullmatch(call.path):
        action = "Microsoft.ContainerService/locations/kubernetesVersions/read"
        azure.access.require(call.caller, action, found.group(1))
        if normal(found.group(2)) not in REGIONS:
            raise bad_request(
                "LocationNotAvailableForResourceType", f"The location '{found.group(2)}' is not available."
            )
        return Reply(200, kubernetes_versions.listing())
    if found := PROFILE.fullmatch(call.path):
        azure.access.require(call.caller, f"{CLUSTERS}/upgradeProfiles/read", found.group(1))
        cluster = azure.store.get(found.group(1))
        if cluster is None:
            raise not_found("ResourceNotFound", f"The Resource '{found.group(1)}' was not found.")
        return Reply(200, upgrade_profile(cluster))
    if OPERATIONS.fullmatch(call.path):
        kinds = azure.providers["microsoft.containerservice"].types
        names = [f"{kind.name}/{right}" for kind in kinds for right in ("read", "write", "delete")]
        names += [f"{kind.name}/{action}/action" for kind in kinds for action in kind.actions]
        return Reply(200, {"value": [{"name": name, "origin": "user,system"} for name in names]})
    return None
