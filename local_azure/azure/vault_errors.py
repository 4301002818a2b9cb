"""Refusals as a vault words them: `{"error": {"code", "message", "innererror"?}}`.

https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure import instance
from local_azure.azure.directory import Principal
from local_azure.azure.entra import ISSUER
from local_azure.azure.errors import ArmError
from local_azure.azure.store import Resource

AUDIENCE = "https://vault.azure.net"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{instance.TENANT_ID}", resource="{AUDIENCE}"'
"""Tells clients whom to ask for a token, and for what.
https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses"""


class VaultError(ArmError):
    """A refusal; `inner` is the code that says more."""

    def __init__(
        self, status: int, code: str, message: str, inner: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, code, message, headers=headers)
        self._inner = inner

    def content(self) -> dict[str, Any]:
        """With the inner code."""
        return {**super().content(), **({"innererror": {"code": self._inner}} if self._inner else {})}


def unauthorized(message: str) -> VaultError:
    """Who has no token, or another one, is told which to get."""
    return VaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": CHALLENGE})


def bad_parameter(message: str) -> VaultError:
    """What makes no sense."""
    return VaultError(400, "BadParameter", message)


def forbidden(message: str, inner: str) -> VaultError:
    """What the caller, or the key, may not do."""
    return VaultError(403, "Forbidden", message, inner)


def not_allowed(caller: Principal, action: str, vault: Resource, location: str, on: str) -> VaultError:
    """No role allows it."""
    return forbidden(
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
        f"definitions were changed recently, please observe propagation time.\r\nCaller: {_who(caller)}\r\n"
        f"Action: '{action}'\r\nResource: '{on.lower()}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
        f"DecisionReason: null \r\nVault: {vault.name};location={location}\r\n",
        "ForbiddenByRbac",
    )


def no_policy(caller: Principal, operation: str, vault: Resource, location: str) -> VaultError:
    """A vault that goes by access policies has none for the caller."""
    return forbidden(
        f"The user, group or application '{_who(caller)}' does not have keys {operation} permission on key vault "
        f"'{vault.name};location={location}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287",
        "AccessDenied",
    )


def no_key(name: str) -> VaultError:
    """The vault has no such key or version."""
    return VaultError(
        404,
        "KeyNotFound",
        f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key you may be "
        "able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def _who(caller: Principal) -> str:
    return f"appid={caller.client_id};oid={caller.object_id};iss={ISSUER}"
