"""How a cluster's API server trusts Entra tokens and asks Azure RBAC, as AKS does with Entra integration.

https://learn.microsoft.com/azure/aks/enable-authentication-microsoft-entra-id and
https://learn.microsoft.com/azure/aks/manage-azure-rbac
"""

from __future__ import annotations

from pathlib import Path

from local_azure.clusters import kubeconfig
from local_azure.instance import AKS_SERVER_APP_ID, SIMULATOR
from local_azure.machine import authority


def tokens(tenant_id: str) -> dict[str, object]:
    """Accept tokens that Entra issued for AKS; the user is their object ID, as for service principals in AKS.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration
    """
    issuer = {
        "url": f"https://sts.windows.net/{tenant_id}/",
        "discoveryURL": f"https://{SIMULATOR}/{tenant_id}/.well-known/openid-configuration",
        "certificateAuthority": authority.ensure_ca().pem.certificate.decode(),
        "audiences": [AKS_SERVER_APP_ID],
    }
    claims = {"username": {"claim": "oid", "prefix": ""}}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": issuer, "claimMappings": claims}],
    }


def authorizers(webhook_kubeconfig_file: Path) -> dict[str, object]:
    """Kubernetes' own RBAC first, then Azure's; what neither allows is denied.

    Users of Kubernetes itself (system:…) are unknown to Azure, so it is not asked about them. Answers are kept for
    seconds only, so that a role assignment works at once, though AKS itself takes minutes.
    https://kubernetes.io/docs/reference/access-authn-authz/authorization/#using-configuration-file-for-authorization
    """
    webhook = {
        "timeout": "3s",
        "authorizedTTL": "10s",
        "unauthorizedTTL": "2s",
        "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1",
        "failurePolicy": "NoOpinion",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(webhook_kubeconfig_file)},
        "matchConditions": [{"expression": "!request.user.startsWith('system:')"}],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Node", "name": "node"},
            {"type": "RBAC", "name": "rbac"},
            {"type": "Webhook", "name": "azure-rbac", "webhook": webhook},
        ],
    }


def webhook_kubeconfig(url: str) -> str:
    """The kubeconfig by which the API server asks `url`."""
    return kubeconfig.without_credentials(url, authority.ensure_ca().pem.certificate)
