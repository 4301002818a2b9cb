"""Microsoft.Storage/storageAccounts: its endpoints and keys are given out, no data is held here."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.resource_type import Action, Call, Put, Reply, ResourceType, unchangeable
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

GIVEN = ("primaryEndpoints", "primaryLocation", "provisioningState", "statusOfPrimary")
SERVICES = ("blob", "dfs", "file", "queue", "table")
KEYS = ("key1", "key2")


class StorageAccounts(ResourceType):
    """https://learn.microsoft.com/rest/api/storagerp/storage-accounts"""

    name = "Microsoft.Storage/storageAccounts"
    slow = True
    quick_delete = True
    created = 202
    location_header = True

    @property
    def actions(self) -> Mapping[str, Action]:
        """Keys, which no GET shows."""
        return {"listkeys": _keys, "regeneratekey": _regenerate}

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Names are unique in all of Azure, and host names: 3 to 24 lower case letters and digits."""
        name = put.id.name
        if not re.fullmatch(r"[a-z0-9]{3,24}", name):
            raise bad_request(
                "AccountNameInvalid",
                f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 "
                "characters in length and use numbers and lower-case letters only.",
            )
        others = [each for each in azure.store.of_type(self.name) if each.key != put.id.key]
        if any(each.name == name for each in others):
            raise conflict("StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
        known = put.existing.properties if put.existing else {}
        hierarchical = "isHnsEnabled"
        unchangeable(put, isHnsEnabled=(known.get(hierarchical), put.properties.get(hierarchical)))
        given = {
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "accessTier": "Hot",
            **{key: value for key, value in known.items() if key == hierarchical},
            **put.properties,
            "primaryEndpoints": {each: f"https://{name}.{each}.core.windows.net/" for each in SERVICES},
            "primaryLocation": put.body["location"],
            "statusOfPrimary": "available",
        }
        body = self.body(put, given)
        body["sku"] = {**body["sku"], "tier": body["sku"]["name"].partition("_")[0]}
        hidden = {} if put.existing else {key: _new_key() for key in KEYS}
        return Resource(put.id.text, self.name, body, hidden)

    def accept_patch(self, azure: Azure, call: Call, existing: Resource) -> dict[str, Any]:
        """What is sent is changed, and nothing else."""
        changes = call.body if isinstance(call.body, dict) else {}
        own = {name: value for name, value in existing.properties.items() if name not in GIVEN}
        merged = {**own, **(changes.get("properties") or {})}
        return {**existing.body, **changes, "properties": merged}


def _keys(azure: Azure, call: Call, account: Resource) -> Reply:
    """https://learn.microsoft.com/rest/api/storagerp/storage-accounts/list-keys"""
    shown = [{"keyName": key, "value": account.hidden[key], "permissions": "FULL"} for key in KEYS]
    return Reply(200, {"keys": shown})


def _regenerate(azure: Azure, call: Call, account: Resource) -> Reply:
    """https://learn.microsoft.com/rest/api/storagerp/storage-accounts/regenerate-key"""
    which = (call.body or {}).get("keyName")
    if which not in KEYS:
        raise bad_request("InvalidValuesForRequestParameters", f"There is no key {which}.", "keyName")
    renewed = Resource(account.id, account.type, account.body, {**account.hidden, which: _new_key()})
    return _keys(azure, call, azure.store.put(renewed))


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()
