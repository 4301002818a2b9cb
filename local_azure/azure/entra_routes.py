"""The URLs of Entra, of OpenID Connect issuers, and of the API servers' authorization webhook."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_azure import instance
from local_azure.azure import kubernetes_access
from local_azure.azure.entra import Entra
from local_azure.azure.errors import not_found
from local_azure.azure.issuers import Issuers, entra_document
from local_azure.azure.resource_type import Reply
from local_azure.azure.subscription import Azure


@dataclass(frozen=True)
class Asked:
    """One request: `path` decoded, `query` and `headers` with lower-case names, `content` as it came."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    json: Any = None

    @property
    def form(self) -> dict[str, str]:
        """The content as a form."""
        return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))


TENANT = r"/(?P<tenant>[^/]+)"
GUID = r"/[-0-9a-f]{36}/(?P<guid>[-0-9a-f]{36})"


class EntraRoutes:
    """Answers requests that need no token of ours."""

    def __init__(self, azure: Azure, entra: Entra, issuers: Issuers) -> None:
        self._azure = azure
        self._entra = entra
        self._issuers = issuers
        routes: Mapping[str, Callable[..., Reply]] = {
            "/metadata/endpoints": self._metadata,
            "/common/discovery/instance": self._instance,
            TENANT + r"/(?P<version>v2\.0/)?\.well-known/openid-configuration": self._discovery,
            TENANT + r"/discovery/(?:v2\.0/)?keys": self._keys,
            TENANT + r"/oauth2/(?:v2\.0/)?token": self._token,
            GUID + r"/\.well-known/openid-configuration": self._cluster_document,
            GUID + "/openid/v1/jwks": self._cluster_keys,
            "/operator/jwks": lambda asked: Reply(200, self._issuers.operator_keys()),
            r"/aks/(?P<guid>[-0-9a-f]{36})/authorize": self._authorize,
        }
        self._routes = [(re.compile(path, re.IGNORECASE), route) for path, route in routes.items()]

    def answer(self, asked: Asked) -> Reply | None:
        """The reply; None for paths that are ARM's. Raises EntraError and ArmError."""
        for pattern, route in self._routes:
            found = pattern.fullmatch(asked.path)
            if found:
                return route(asked, **found.groupdict())
        return None

    def _metadata(self, asked: Asked) -> Reply:
        """What clients read to learn a cloud's endpoints; an array before 2022, one object since."""
        base = f"https://{asked.host}"
        cloud = {
            "name": "AzureCloud",
            "portal": "https://portal.azure.com",
            "resourceManager": f"{base}/",
            "authentication": {
                "loginEndpoint": f"{base}/",
                "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graph": "https://graph.windows.net/",
            "graphAudience": "https://graph.windows.net/",
            "microsoftGraphResourceId": "https://graph.microsoft.com/",
            "suffixes": {
                "acrLoginServer": "azurecr.io",
                "keyVaultDns": "vault.azure.net",
                "storage": "core.windows.net",
            },
        }
        return Reply(200, cloud if asked.query.get("api-version", "") >= "2022" else [cloud])

    def _instance(self, asked: Asked) -> Reply:
        """Instance discovery: every host that is asked for is the public cloud's."""
        authority = asked.query.get("authorization_endpoint", f"https://{asked.host}/{instance.TENANT_ID}")
        parts = urlsplit(authority)
        tenant = parts.path.strip("/").split("/")[0]
        hosts = {"preferred_network": parts.netloc, "preferred_cache": parts.netloc, "aliases": [parts.netloc]}
        document = f"https://{parts.netloc}/{tenant}/v2.0/.well-known/openid-configuration"
        return Reply(200, {"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [hosts]})

    def _discovery(self, asked: Asked, tenant: str, version: str | None) -> Reply:
        if tenant == "operator":
            return Reply(200, self._issuers.operator_document())
        self._entra.check_tenant(tenant)
        return Reply(200, entra_document(f"https://{asked.host}", second=version is not None))

    def _keys(self, asked: Asked, tenant: str) -> Reply:
        return Reply(200, self._entra.key.jwks())

    def _token(self, asked: Asked, tenant: str) -> Reply:
        headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
        return Reply(200, self._entra.token(tenant, asked.form), headers)

    def _cluster_document(self, asked: Asked, guid: str) -> Reply:
        return _found(self._issuers.cluster_document(guid))

    def _cluster_keys(self, asked: Asked, guid: str) -> Reply:
        return _found(self._issuers.cluster_keys(guid))

    def _authorize(self, asked: Asked, guid: str) -> Reply:
        cluster = self._issuers.cluster(guid)
        if cluster is None or not isinstance(asked.json, dict):
            raise not_found("ResourceNotFound", f"No cluster has the issuer {guid}.")
        return Reply(200, kubernetes_access.review(self._azure, cluster, asked.json))


def _found(document: Mapping[str, Any] | None) -> Reply:
    if document is None:
        raise not_found("ResourceNotFound", "No such issuer.")
    return Reply(200, document, {"Cache-Control": "max-age=300"})
