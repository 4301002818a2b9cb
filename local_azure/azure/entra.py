"""Entra's token endpoint: exchanges a federated token for one that Azure accepts.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (third case, federated credential);
error codes from https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt

from local_azure import instance
from local_azure.azure.directory import Directory, Principal
from local_azure.azure.entra_keys import SigningKey

ISSUER = f"https://sts.windows.net/{instance.TENANT_ID}/"
TOKEN_SECONDS = 3600
RESOURCES = {
    "https://management.azure.com": "https://management.azure.com",
    "https://management.core.windows.net": "https://management.core.windows.net",
    instance.AKS_SERVER_APP_ID: instance.AKS_SERVER_APP_ID,
    "https://vault.azure.net": "https://vault.azure.net",
    "https://containerregistry.azure.net": "https://containerregistry.azure.net",
    "https://graph.microsoft.com": "https://graph.microsoft.com",
}
MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
MATCHING = (
    "Please note that matching is done using a case-sensitive comparison. Check your federated identity credential "
    "Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/"
    "workload-identity-federation"
)
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Keys = Callable[[str], Mapping[str, Any] | None]


class EntraError(Exception):
    """A refused sign-in: HTTP status, OAuth error, number and text of the AADSTS error."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.status = status
        self._error = error
        self._number = number

    def body(self) -> dict[str, Any]:
        """The response body, as Entra writes it."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return {
            "error": self._error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self._number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self._number}",
        }


class Entra:
    """Signs tokens with `key`; `issuer_keys` gives the JWKS of an issuer by its URL, None when it is unknown."""

    def __init__(self, key: SigningKey, directory: Directory, issuer_keys: Keys) -> None:
        self.key = key
        self._directory = directory
        self._issuer_keys = issuer_keys

    def check_tenant(self, tenant: str) -> None:
        """Raise EntraError for any tenant but ours."""
        if tenant.lower() not in (instance.TENANT_ID, "common", "organizations"):
            raise EntraError(
                400,
                "invalid_tenant",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
                "correct cloud.",
            )

    def token(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request. Raises EntraError when it is refused."""
        self.check_tenant(tenant)
        _check_grant(form)
        principal = self._principal(form)
        resource = _resource(form)
        self._verify(principal, form["client_assertion"])
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
                f"Application with identifier '{client}' was not found in the directory '{instance.TENANT_ID}'. This can "
                "happen if the application has not been installed by the administrator of the tenant or consented to by "
                "any user in the tenant. You may have sent your authentication request to the wrong tenant.",
            )
        return principal

    def _verify(self, principal: Principal, assertion: str) -> None:
        """Check the assertion against the principal's federated credentials, then its signature and times."""
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise _refused(50027, "JWT token is invalid or malformed.") from None
        issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
        audiences = claims.get("aud", [])
        audiences = audiences if isinstance(audiences, list) else [audiences]
        of_issuer = [found for found in principal.credentials if found.issuer == issuer]
        if not of_issuer:
            raise _no_match(700211, "issuer", issuer)
        of_subject = [found for found in of_issuer if found.subject == subject]
        if not of_subject:
            raise _no_match(700213, "subject", subject)
        if not any(set(found.audiences) & set(audiences) for found in of_subject):
            raise _no_match(700212, "audience", ", ".join(map(str, audiences)))
        _check_times(claims)
        self._check_signature(issuer, header, assertion)

    def _check_signature(self, issuer: str, header: Mapping[str, Any], assertion: str) -> None:
        keys = self._issuer_keys(issuer)
        if keys is None:
            raise _refused(
                50166,
                f"Request to External OIDC endpoint failed. Endpoint: {issuer}. The issuer's OpenID configuration could "
                "not be read.",
            )
        wanted = [key for key in keys["keys"] if key.get("kid") == header.get("kid")]
        if not wanted or header.get("alg") not in ("RS256", "ES256"):
            raise _signature("The key was not found.", header)
        try:
            key = jwt.PyJWK.from_dict(wanted[0], algorithm=str(header["alg"]))
            jwt.decode(assertion, key.key, algorithms=[str(header["alg"])], options={"verify_aud": False, "verify_iat": False})
        except (jwt.InvalidTokenError, jwt.PyJWKError):
            raise _signature("The provided signature value did not match the expected signature value.", header) from None


def _check_grant(form: Mapping[str, str]) -> None:
    for name in ("client_id", "grant_type"):
        if not form.get(name):
            raise EntraError(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    if form["grant_type"] != "client_credentials":
        raise EntraError(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'.")
    if "client_secret" in form:
        raise EntraError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
            f"client secret ID, for a secret added to app '{form['client_id']}'.",
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
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
                "/.default suffixed to the resource identifier (application ID URI).",
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


def _check_times(claims: Mapping[str, Any], leeway: int = 300) -> None:
    """Entra allows five minutes of clock difference."""
    now = time.time()
    start, end = float(claims.get("nbf", claims.get("iat", 0))), float(claims.get("exp", 0))
    if start - leeway <= now < end + leeway:
        return

    def stamp(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")

    raise _refused(
        700024,
        f"Client assertion is not within its valid time range. Current time: {stamp(now)}, assertion valid from "
        f"{stamp(start)}, expiry time of assertion {stamp(end)}.",
    )


def _refused(number: int, text: str) -> EntraError:
    return EntraError(401, "invalid_client", number, text)


def _no_match(number: int, part: str, value: str) -> EntraError:
    text = f"No matching federated identity record found for presented assertion {part} '{value}'. {MATCHING}"
    return EntraError(401, "invalid_client", number, text)


def _signature(reason: str, header: Mapping[str, Any]) -> EntraError:
    kid = header.get("kid", "")
    return _refused(50013, f"Assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: '{kid}']")
