"""Azure RBAC for Kubernetes: answers an API server's SubjectAccessReview from role assignments on its cluster.

Verbs and resources become data actions as AKS maps them: https://learn.microsoft.com/azure/aks/manage-azure-rbac
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.azure.directory import CLUSTERS
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

VERBS = {
    "get": "read",
    "list": "read",
    "watch": "read",
    "create": "write",
    "update": "write",
    "patch": "write",
    "bind": "bind/action",
    "escalate": "escalate/action",
    "impersonate": "impersonate/action",
    "delete": "delete",
    "deletecollection": "delete",
}


def review(azure: Azure, cluster: Resource, request: Mapping[str, Any]) -> dict[str, Any]:
    """The review with its status: allowed, or no opinion, so that the cluster's own RBAC goes on to decide."""
    spec = request.get("spec") or {}
    principal = str(spec.get("user", ""))
    aad = cluster.properties.get("aadProfile") or {}
    status: dict[str, Any] = {"allowed": False}
    if aad.get("managed") and aad.get("enableAzureRBAC"):
        action = _data_action(spec)
        namespace = (spec.get("resourceAttributes") or {}).get("namespace")
        scope = f"{cluster.id}/namespaces/{namespace}" if namespace else cluster.id
        if azure.access.allows(principal, action, scope, data=True):
            status = {"allowed": True, "reason": f"Access allowed by Azure RBAC for {action}"}
    kind = {"apiVersion": request.get("apiVersion", "authorization.k8s.io/v1"), "kind": "SubjectAccessReview"}
    return {**kind, "spec": spec, "status": status}


def _data_action(spec: Mapping[str, Any]) -> str:
    resource = spec.get("resourceAttributes")
    if not resource:
        path = str((spec.get("nonResourceAttributes") or {}).get("path", "/")).strip("/")
        return f"{CLUSTERS}/{path or 'root'}/read"
    parts = [CLUSTERS, resource.get("group", ""), resource.get("resource", ""), resource.get("subresource", "")]
    verb = str(resource.get("verb", ""))
    return "/".join([part for part in parts if part] + [VERBS.get(verb, f"{verb}/action")])
