"""Microsoft.KeyVault in ARM: vaults, and their keys as far as ARM knows them. What uses a key is vault_service.py.

https://learn.microsoft.com/rest/api/keyvault/keyvault/keys
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from local_azure.azure import identifiers, key_versions
from local_azure.azure.errors import ArmError, bad_request, conflict
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.key_versions import KeyVersion
from local_azure.azure.resource_type import Call, Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

VAULTS = "Microsoft.KeyVault/vaults"
KEYS = f"{VAULTS}/keys"
VERSIONS = f"{KEYS}/versions"
DOMAIN = "vault.azure.net"


class Vaults(ResourceType):
    """A vault, whose name is a host name."""

    name = VAULTS

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Names have 3 to 24 letters, digits and hyphens, and are unique in Azure; tenant and SKU are required."""
        name = put.id.name
        if not re.fullmatch(r"[a-zA-Z](?!.*--)[-a-zA-Z0-9]{1,22}[a-zA-Z0-9]", name):
            raise bad_request(
                "VaultNameNotValid", f"The vault name '{name}' is invalid. See https://aka.ms/keyvault-names."
            )
        if any(each.name.lower() == name.lower() and each.key != put.id.key for each in azure.store.of_type(VAULTS)):
            raise conflict("VaultAlreadyExists", f"The vault name '{name}' is already in use.")
        for required in ("tenantId", "sku"):
            if required not in put.properties:
                raise bad_request(
                    "BadRequest", f"The required property '{required}' is missing.", f"properties.{required}"
                )
        address = f"https://{name.lower()}.{DOMAIN}/"
        return Resource(put.id.text, self.name, self.body(put, {**put.properties, "vaultUri": address}))


class Keys(ResourceType):
    """A key of a vault. ARM makes one that is not there, and neither changes nor deletes one."""

    name = KEYS
    tracked = False
    created = 200

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A new key with its first version; one that is there stays as it is."""
        if put.existing is not None:
            return put.existing
        asked = put.properties
        version = KeyVersion.make(str(asked.get("kty", "")), asked.get("keySize"), asked.get("keyOps"))
        return key_of([version], put.id.text, put.body.get("tags"))

    def accept_patch(self, azure: Azure, call: Call, existing: Resource) -> dict[str, Any]:
        """ARM changes nothing of a key."""
        raise _only_by_the_vault(existing.id)

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """ARM deletes none."""
        raise _only_by_the_vault(resource.id)


class KeyVersions(ResourceType):
    """The versions of a key: kept with it, and only shown."""

    name = VERSIONS
    tracked = False

    def find(self, azure: Azure, identifier: ResourceId) -> Resource | None:
        """The version with this ID."""
        above = identifier.parent.text if identifier.parent else ""
        return next((each for each in self.listed(azure, above, {}) if each.name == identifier.name), None)

    def listed(self, azure: Azure, within: str, query: Mapping[str, str]) -> list[Resource]:
        """All versions of the key `within`, oldest first."""
        return [
            Resource(f"{within}/versions/{each.id}", VERSIONS, {"properties": _properties(within, each)})
            for each in key_versions.kept(azure.store.get(within))
        ]

    def accept(self, azure: Azure, put: Put) -> Resource:
        """The vault makes versions."""
        raise _only_by_the_vault(put.id.text)


def key_of(versions: Sequence[KeyVersion], identifier: str, tags: Mapping[str, str] | None) -> Resource:
    """The key with this ID and these versions, oldest first; it is shown as its newest."""
    body = {"properties": _properties(identifier, versions[-1]), "tags": dict(tags or {})}
    return Resource(identifier, KEYS, body, key_versions.hidden(versions))


def address(key: str, version: str = "") -> str:
    """Where the vault has the key with this ID, or a version of it."""
    found = identifiers.resource(key)
    whole = f"https://{found.names[0].lower()}.{DOMAIN}/keys/{found.name}"
    return f"{whole}/{version}" if version else whole


def _properties(key: str, version: KeyVersion) -> dict[str, Any]:
    return {
        "attributes": version.attributes,
        "kty": "RSA",
        "keyOps": version.ops,
        "keySize": version.size,
        "keyUri": address(key),
        "keyUriWithVersion": address(key, version.id),
    }


def _only_by_the_vault(identifier: str) -> ArmError:
    message = f"Azure Resource Manager does not do this with '{identifier}'; ask the vault."
    return ArmError(405, "HttpMethodNotAllowed", message)
