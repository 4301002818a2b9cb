"""What types have in common that hang on any other resource: locks, diagnostic settings and the like.

https://learn.microsoft.com/azure/azure-resource-manager/management/extension-resource-types
"""

from __future__ import annotations

from local_azure.azure.errors import missing
from local_azure.azure.identifiers import ResourceId, parse
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure


class ExtensionType(ResourceType):
    """A type whose resources hang on one of another type."""

    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """What it hangs on must be there."""
        self.owner(azure, put.id)
        return Resource(put.id.text, self.name, {"properties": put.properties})

    def owner(self, azure: Azure, identifier: ResourceId) -> ResourceId | None:
        """What it hangs on; None for a subscription. Raises ArmError 404 when that is not there."""
        owner = parse(identifier.scope)
        kind = azure.types.get(owner.type.lower()) if owner else None
        if owner is None or kind is None:
            return None
        if kind.find(azure, owner) is None:
            raise missing(owner)
        return owner
