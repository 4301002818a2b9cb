"""OpenID Connect issuers served here: each cluster's service accounts, and the operator's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure import instance
from local_azure.azure.directory import AUDIENCE, CLUSTERS, OPERATOR_ISSUER, OPERATOR_SUBJECT
from local_azure.azure.entra_keys import SigningKey
from local_azure.azure.managed_clusters import issuer_url
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure
from local_azure.errors import LocalAzureError

OPERATOR_TOKEN_SECONDS = 3600


class Issuers:
    """Finds issuers by URL or GUID, with their public keys."""

    def __init__(self, azure: Azure, operator: SigningKey) -> None:
        self._azure = azure
        self._operator = operator

    def keys(self, issuer: str) -> Mapping[str, Any] | None:
        """The JWKS of an issuer; None for one that nothing here serves."""
        if issuer == OPERATOR_ISSUER:
            return self._operator.jwks()
        parts = issuer.rstrip("/").rsplit("/", 1)
        cluster = self.cluster(parts[-1])
        if cluster is None or issuer_url(self._azure, cluster) != issuer:
            return None
        try:
            return self._azure.clusters.jwks(cluster.id)
        except LocalAzureError:  # it is still being made
            return None

    def cluster(self, guid: str) -> Resource | None:
        """The cluster whose issuer has this GUID."""
        for cluster in self._azure.store.of_type(CLUSTERS):
            if cluster.hidden["issuer"] == guid.lower():
                return cluster
        return None

    def cluster_document(self, guid: str) -> dict[str, Any] | None:
        """The discovery document of a cluster's issuer, where the cluster has it enabled."""
        cluster = self.cluster(guid)
        if cluster is None or not cluster.properties["oidcIssuerProfile"].get("enabled"):
            return None
        issuer = issuer_url(self._azure, cluster)
        return _document(issuer, f"{issuer}openid/v1/jwks")

    def cluster_keys(self, guid: str) -> Mapping[str, Any] | None:
        """The JWKS of a cluster's issuer, where the cluster has it enabled."""
        document = self.cluster_document(guid)
        return None if document is None else self.keys(document["issuer"])

    def operator_document(self) -> dict[str, Any]:
        """The discovery document of the operator's issuer."""
        return _document(OPERATOR_ISSUER, f"{OPERATOR_ISSUER}/jwks")

    def operator_keys(self) -> dict[str, Any]:
        """The operator's JWKS."""
        return self._operator.jwks()

    def operator_token(self) -> str:
        """A token with which the operator signs in to Entra, valid for an hour."""
        claims = {"iss": OPERATOR_ISSUER, "sub": OPERATOR_SUBJECT, "aud": AUDIENCE}
        return self._operator.sign(claims, seconds=OPERATOR_TOKEN_SECONDS)


def entra_document(base: str, *, second: bool) -> dict[str, Any]:
    """Entra's own discovery document, of the first or second protocol, with URLs on the host that was asked."""
    tenant = f"{base}/{instance.TENANT_ID}"
    issuer = (
        f"https://login.microsoftonline.com/{instance.TENANT_ID}/v2.0"
        if second
        else f"https://sts.windows.net/{instance.TENANT_ID}/"
    )
    version = "v2.0/" if second else ""
    return {
        **_document(issuer, f"{tenant}/discovery/{version}keys"),
        "token_endpoint": f"{tenant}/oauth2/{version}token",
        "authorization_endpoint": f"{tenant}/oauth2/{version}authorize",
        "device_authorization_endpoint": f"{tenant}/oauth2/{version}devicecode",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }


def _document(issuer: str, keys: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "jwks_uri": keys,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
