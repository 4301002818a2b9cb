"""Entra's token endpoint: exchanges a federated token for one that Azure accepts.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, with a federated credential.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from local_azure import instance
from local_azure.azure.directory import Directory, Principal
from local_azure.azure.entra_errors import EntraError
from local_azure.azure.entra_keys import SigningKey
from local_azure.azure.federation import Federation

ISSUER = f"https://sts.windows.net/{instance.TENANT_ID}/"
TOKEN_SECONDS = 3600
MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
RESOURCES = {
    *MANAGEMENT,
    instance.AKS_SERVER_APP_ID,
    "https://vault.azure.net",
    "https://containerregistry.azure.net",
    "https://graph.microsoft.com",
    "499b84ac-1321-427f-aa17-267ca6975798",  # Azure DevOps
}
"""What a token may be for, without a slash at the end."""
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Entra:
    """Signs tokens with `key` for principals that `federation` finds proved."""

    def __init__(self, key: SigningKey, directory: Directory, federation: Federation) -> None:
        self.key = key
        self._directory = directory
        self._federation = federation

    def check_tenant(self, tenant: str) -> None:
        """Raise EntraError for any tenant but ours."""
        if tenant.lower() not in (instance.TENANT_ID, "common", "organizations"):
            raise EntraError(
                400,
                "invalid_tenant",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
                "into the correct cloud.",
            )

    def token(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request. Raises EntraError when it is refused."""
        self.check_tenant(tenant)
        _check_grant(form)
        principal = self._principal(form)
        resource = _resource(form)
        self._federation.verify(principal, form["client_assertion"])
        claims = {
            "aud": resource,
            "iss": ISSUER,
            "tid": instance.TENANT_ID,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "appid": principal.client_id,
            "appidacr": "2",
            "idtyp": "app",
            "ver": "1.0",
            "uti": uuid.uuid4().hex[:22],
        }
        if principal.resource_id:
            claims["xms_mirid"] = principal.resource_id
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "expires_on": str(int(time.time()) + TOKEN_SECONDS),
            "resource": resource,
            "access_token": self.key.sign(claims, seconds=TOKEN_SECONDS),
        }

    def _principal(self, form: Mapping[str, str]) -> Principal:
        client = form["client_id"]
        principal = self._directory.by_client_id(client)
        if principal is None:
            raise EntraError(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client}' was not found in the directory '{instance.TENANT_ID}'. "
                "This can happen if the application has not been installed by the administrator of the tenant or "
                "consented to by any user in the tenant. You may have sent your authentication request to the "
                "wrong tenant.",
            )
        return principal


def _check_grant(form: Mapping[str, str]) -> None:
    for name in ("client_id", "grant_type"):
        if not form.get(name):
            raise EntraError(
                400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
            )
    if form["grant_type"] != "client_credentials":
        raise EntraError(
            400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'."
        )
    if "client_secret" in form:
        raise EntraError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
            f"value, not the client secret ID, for a secret added to app '{form['client_id']}'.",
        )
    if not form.get("client_assertion"):
        raise EntraError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    if form.get("client_assertion_type", JWT_BEARER) != JWT_BEARER:
        raise EntraError(400, "invalid_request", 900144, f"The 'client_assertion_type' must be '{JWT_BEARER}'.")


def _resource(form: Mapping[str, str]) -> str:
    """The audience a request asks for: `resource` in the first protocol, `scope` ending in /.default in the second."""
    asked = form.get("resource")
    if asked is None:
        scope = form.get("scope", "").split(" ")[0]
        if not scope.endswith("/.default"):
            raise EntraError(
                400,
                "invalid_scope",
                1002012,
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope "
                "value with /.default suffixed to the resource identifier (application ID URI).",
            )
        asked = scope.removesuffix("/.default")
    trimmed = asked.rstrip("/").removeprefix("api://")
    if trimmed not in RESOURCES:
        raise EntraError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {asked} was not found in the tenant named {instance.TENANT_ID}.",
        )
    return asked
