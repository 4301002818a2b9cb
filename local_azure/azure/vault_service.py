"""What a vault answers at https://<vault>.vault.azure.net: its keys, and encryption and decryption by them.

https://learn.microsoft.com/rest/api/keyvault/keys/operation-groups
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jwt

from local_azure.azure import key_vaults, key_versions, vault_errors
from local_azure.azure.bearer import Bearer
from local_azure.azure.directory import Principal
from local_azure.azure.entra_routes import Asked
from local_azure.azure.key_versions import KeyVersion
from local_azure.azure.request_log import HIDDEN
from local_azure.azure.resource_type import Reply
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

VERSIONS = ("2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01")
KEY = r"/keys/(?P<name>[-0-9a-zA-Z]{1,127})"
VERSION = r"(?:/(?P<version>[0-9a-f]{32}))?"
SECRET = ("value", "key")
"""Members of a request that are never kept: what is encrypted, and imported keys."""


class VaultService:
    """Answers requests to vaults; who may do what is decided from role assignments on the key or above it."""

    def __init__(self, azure: Azure, bearer: Bearer) -> None:
        self._azure = azure
        self._bearer = bearer
        routes: Mapping[tuple[str, str], Callable[..., Reply]] = {
            ("GET", KEY + "/versions"): self._versions,
            ("GET", KEY + VERSION): self._get,
            ("POST", KEY + "/create"): self._create,
            ("PATCH", KEY + VERSION): self._update,
            ("POST", KEY + VERSION + "/(?P<operation>encrypt|decrypt)"): self._operate,
        }
        self._routes = [(method, re.compile(path), route) for (method, path), route in routes.items()]

    @staticmethod
    def serves(host: str) -> bool:
        """Whether a host is a vault's."""
        return host.partition(":")[0].lower().endswith(f".{key_vaults.DOMAIN}")

    def answer(self, asked: Asked) -> Reply:
        """The reply to a request. Raises VaultError when it is refused."""
        vault = self._vault(asked.host)
        caller = self._caller(asked)
        if asked.query.get("api-version") not in VERSIONS:
            raise vault_errors.bad_parameter(f"api-version is missing or none of {', '.join(VERSIONS)}.")
        for method, path, route in self._routes:
            found = path.fullmatch(asked.path)
            if found and method == asked.method:
                return route(asked, caller, vault, **found.groupdict())
        raise vault_errors.VaultError(501, "NotImplemented", f"A vault here has no {asked.method} {asked.path}.")

    def _vault(self, host: str) -> Resource:
        name = host.partition(".")[0].lower()
        found = [each for each in self._azure.store.of_type(key_vaults.VAULTS) if each.name.lower() == name]
        if not found:
            raise vault_errors.VaultError(404, "VaultNotFound", f"There is no vault {name}; in Azure, no such host.")
        return found[0]

    def _caller(self, asked: Asked) -> Principal:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise vault_errors.unauthorized("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            return self._bearer.principal(token, (vault_errors.AUDIENCE,))
        except jwt.InvalidAudienceError:
            raise vault_errors.unauthorized(
                f"AKV10022: Invalid audience. Expected {vault_errors.AUDIENCE}, found another."
            ) from None
        except jwt.InvalidTokenError as error:
            raise vault_errors.unauthorized(f"Error validating token: {error}.") from None

    def _require(self, caller: Principal, vault: Resource, name: str, right: str) -> None:
        """Raise VaultError 403 unless `caller` may do `right` with the key `name`."""
        scope, action = f"{vault.id}/keys/{name}", f"{key_vaults.KEYS}/{right}"
        location = self._azure.location(vault)
        if not vault.properties.get("enableRbacAuthorization"):
            raise vault_errors.no_policy(caller, right.partition("/")[0], vault, location)
        if not self._azure.access.allows_data(caller, action, scope):
            raise vault_errors.not_allowed(caller, action, vault, location, scope)

    def _key(self, vault: Resource, name: str) -> Resource:
        found = self._azure.store.get(f"{vault.id}/keys/{name}")
        if found is None:
            raise vault_errors.no_key(name)
        return found

    def _get(self, asked: Asked, caller: Principal, vault: Resource, name: str, version: str | None) -> Reply:
        self._require(caller, vault, name, "read")
        key = self._key(vault, name)
        return Reply(200, _bundle(key, _chosen(key, version)))

    def _versions(self, asked: Asked, caller: Principal, vault: Resource, name: str) -> Reply:
        self._require(caller, vault, name, "read")
        key = self._key(vault, name)
        shown = [
            {"kid": key_vaults.address(key.id, each.id), "attributes": each.attributes, "tags": key.body["tags"]}
            for each in key_versions.kept(key)
        ]
        return Reply(200, {"value": shown, "nextLink": None})

    def _create(self, asked: Asked, caller: Principal, vault: Resource, name: str) -> Reply:
        """A new key, or a new version of one that is there."""
        self._require(caller, vault, name, "create/action")
        wanted = _object(asked.json)
        made = KeyVersion.make(str(wanted.get("kty", "")), wanted.get("key_size"), wanted.get("key_ops"))
        with self._azure.store.transaction():
            earlier = key_versions.kept(self._azure.store.get(f"{vault.id}/keys/{name}"))
            key = key_vaults.key_of([*earlier, made], f"{vault.id}/keys/{name}", wanted.get("tags"))
            self._azure.store.put(key)
        return Reply(200, _bundle(key, made))

    def _update(self, asked: Asked, caller: Principal, vault: Resource, name: str, version: str | None) -> Reply:
        """What a version may be used for, and whether it may be used at all."""
        self._require(caller, vault, name, "update/action")
        wanted = _object(asked.json)
        with self._azure.store.transaction():
            key = self._key(vault, name)
            known = _chosen(key, version)
            enabled = (wanted.get("attributes") or {}).get("enabled", known.enabled)
            ops = wanted.get("key_ops") or known.ops
            changed = replace(known, enabled=enabled, ops=ops, updated=int(time.time()))
            every = [changed if each.id == known.id else each for each in key_versions.kept(key)]
            self._azure.store.put(key_vaults.key_of(every, key.id, key.body["tags"]))
        return Reply(200, _bundle(key, changed))

    def _operate(  # noqa: PLR0917
        self, asked: Asked, caller: Principal, vault: Resource, name: str, version: str | None, operation: str
    ) -> Reply:
        """https://learn.microsoft.com/rest/api/keyvault/keys/decrypt"""
        self._require(caller, vault, name, f"{operation}/action")
        key = self._key(vault, name)
        chosen = _chosen(key, version)
        if not chosen.enabled:
            raise vault_errors.forbidden(f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled")
        if operation not in chosen.ops:
            raise vault_errors.forbidden(
                f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden"
            )
        wanted = _object(asked.json)
        algorithm = str(wanted.get("alg", ""))
        if algorithm not in key_versions.ALGORITHMS:
            raise vault_errors.bad_parameter(f"Property 'alg' is none of {', '.join(key_versions.ALGORITHMS)}.")
        try:
            value = key_versions.decode(str(wanted.get("value") or ""))
        except ValueError:
            raise vault_errors.bad_parameter("Content of 'value' is not base64url.") from None
        try:
            result = chosen.encrypt(value, algorithm) if operation == "encrypt" else chosen.decrypt(value, algorithm)
        except ValueError:
            wrong = "encoding" if operation == "encrypt" else "decoding"
            raise vault_errors.bad_parameter(f"Error occurred while {wrong} OAEP padding.") from None
        return Reply(200, {"kid": key_vaults.address(key.id, chosen.id), "value": key_versions.encode(result)})


def without_secrets(body: object) -> object:
    """The body of a request to a vault as the request log may keep it."""
    if not isinstance(body, dict):
        return body
    return {name: HIDDEN if name in SECRET else value for name, value in body.items()}


def _chosen(key: Resource, version: str | None) -> KeyVersion:
    """The version asked for, or the newest."""
    found = [each for each in key_versions.kept(key) if version in (None, each.id)]
    if not found:
        raise vault_errors.no_key(f"{key.name}/{version}")
    return found[-1]


def _bundle(key: Resource, version: KeyVersion) -> dict[str, Any]:
    """https://learn.microsoft.com/rest/api/keyvault/keys/get-key#keybundle"""
    return {
        "key": {"kid": key_vaults.address(key.id, version.id), **version.public},
        "attributes": {**version.attributes, "recoverableDays": 90},
        "tags": key.body["tags"],
    }


def _object(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise vault_errors.bad_parameter("The request body is no JSON object.")
    return body
