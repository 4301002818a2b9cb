"""Federated credentials: whether another issuer's token proves one of our principals.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt

from local_azure.azure.directory import Principal
from local_azure.azure.entra_errors import EntraError

MATCHING = (
    "Please note that matching is done using a case-sensitive comparison. Check your federated identity credential "
    "Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/"
    "workload-identity-federation"
)
Keys = Callable[[str], Mapping[str, Any] | None]


class Federation:
    """Verifies assertions; `issuer_keys` gives the JWKS of an issuer by its URL, None when it is unknown."""

    def __init__(self, issuer_keys: Keys) -> None:
        self._issuer_keys = issuer_keys

    def verify(self, principal: Principal, assertion: str) -> None:
        """Check a token against a principal's federated credentials, then its times and signature.

        Raises EntraError 401 when it proves nothing.
        """
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
                f"Request to External OIDC endpoint failed. Endpoint: {issuer}. The issuer's OpenID configuration "
                "could not be read.",
            )
        wanted = [key for key in keys["keys"] if key.get("kid") == header.get("kid")]
        if not wanted or header.get("alg") not in ("RS256", "ES256"):
            raise _signature("The key was not found.", header)
        try:
            key = jwt.PyJWK.from_dict(wanted[0], algorithm=str(header["alg"]))
            jwt.decode(
                assertion, key.key, algorithms=[str(header["alg"])], options={"verify_aud": False, "verify_iat": False}
            )
        except (jwt.InvalidTokenError, jwt.PyJWKError):
            raise _signature(
                "The provided signature value did not match the expected signature value.", header
            ) from None


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
    return _refused(
        50013, f"Assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: '{kid}']"
    )
