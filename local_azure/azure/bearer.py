"""Who sends a request: the bearer token, checked as ARM checks it."""

from __future__ import annotations

from collections.abc import Sequence

import jwt

from local_azure import instance
from local_azure.azure.directory import Directory, Principal
from local_azure.azure.entra import ISSUER, MANAGEMENT
from local_azure.azure.entra_keys import SigningKey
from local_azure.azure.errors import ArmError


class Bearer:
    """Checks tokens signed by Entra's `key`."""

    def __init__(self, key: SigningKey, directory: Directory) -> None:
        self._key = key
        self._directory = directory

    def caller(self, authorization: str) -> Principal:
        """The principal of an Authorization header. Raises ArmError 401 in ARM's words."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        audiences = [audience + slash for audience in MANAGEMENT for slash in ("", "/")]
        try:
            return self.principal(token, audiences)
        except jwt.ExpiredSignatureError:
            raise _refused(
                "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."
            ) from None
        except jwt.InvalidAudienceError:
            raise _refused(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource. It should exactly match with "
                f"one of the allowed audiences '{','.join(audiences)}'.",
            ) from None
        except jwt.InvalidTokenError:
            raise _refused("InvalidAuthenticationToken", "The access token is invalid.") from None

    def principal(self, token: str, audiences: Sequence[str]) -> Principal:
        """Whose a token is. Raises jwt.InvalidTokenError for one that is not Entra's, not valid now, or for others."""
        claims = jwt.decode(token, self._key.public, algorithms=["RS256"], audience=audiences, issuer=ISSUER)
        found = self._directory.by_client_id(claims["appid"])
        return found or Principal(claims["appid"], claims["oid"], claims["appid"])


def _refused(code: str, message: str) -> ArmError:
    challenge = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/{instance.TENANT_ID}", error="invalid_token", '
        f'error_description="{message}"'
    )
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})
