"""Microsoft.Authorization/locks: what nobody deletes, or changes, whatever they may do there.

A lock counts for what it is set on and for all below, what hangs on it included. It also keeps whatever holds it: a
resource group with one locked resource goes not at all.
https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
"""

from __future__ import annotations

import re
from typing import Final

from local_azure.azure.access import covers
from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.extension_types import ExtensionType
from local_azure.azure.identifiers import ResourceId, resource
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

LOCKS: Final = "Microsoft.Authorization/locks"
NAME: Final = re.compile(r"[-\w._()]{0,259}[-\w_()]")
LEVELS: Final = ("CanNotDelete", "ReadOnly")


class Locks(ExtensionType):
    """https://learn.microsoft.com/rest/api/resources/management-locks: at once; in Azure it takes seconds."""

    name = LOCKS

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A name that fits into an ID, and a level that does something. The codes are guessed."""
        if not NAME.fullmatch(put.id.name):
            raise bad_request("InvalidLockName", f"The lock name '{put.id.name}' is invalid.")
        level = put.properties.get("level")
        if level not in LEVELS:
            raise bad_request("InvalidLockLevel", f"The lock level '{level}' must be one of {', '.join(LEVELS)}.")
        return super().accept(azure, put)


def check(azure: Azure, method: str, target: ResourceId) -> None:
    """Raise ArmError 409 ScopeLocked where a lock forbids a request; locks themselves are under none."""
    if method in ("GET", "HEAD") or target.type == LOCKS:
        return
    delete = method == "DELETE"
    held = [
        scope
        for lock in azure.store.of_type(LOCKS)
        if delete or lock.properties["level"] == "ReadOnly"
        for scope in [resource(lock.id).scope]
        if covers(scope, target.text) or (delete and covers(target.text, scope))
    ]
    if held:
        doing = "delete" if delete else "write"
        raise conflict(
            "ScopeLocked",
            f"The scope '{target.text}' cannot perform {doing} operation because following scope(s) are locked: "
            f"'{','.join(held)}'. Please remove the lock and try again.",
        )
