"""The simulated subscription: its resources, who may touch them, and the work that stands behind their operations."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_azure import instance
from local_azure.azure import identifiers
from local_azure.azure.access import Access, seed_owner
from local_azure.azure.backend import Clusters
from local_azure.azure.directory import OPERATOR, Directory
from local_azure.azure.errors import ArmError, conflict
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.machines import Machines
from local_azure.azure.operations import Operation, Operations
from local_azure.azure.resource_type import ResourceType
from local_azure.azure.schema import Schema
from local_azure.azure.settings import Settings
from local_azure.azure.store import Resource, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Provider:
    """A resource provider: its namespace, API versions (oldest first) and resource types."""

    namespace: str
    versions: tuple[str, ...]
    types: tuple[ResourceType, ...]


class Azure:
    """Everything a resource type needs to decide and to act."""

    subscription = instance.SUBSCRIPTION_ID
    tenant = instance.TENANT_ID

    def __init__(
        self, store: Store, schema: Schema, clusters: Clusters, machines: Machines, providers: Iterable[Provider]
    ) -> None:
        self.store = store
        self.schema = schema
        self.clusters = clusters
        self.machines = machines
        self.settings = Settings(store)
        self.access = Access(store)
        self.directory = Directory(store)
        self.providers = {provider.namespace.lower(): provider for provider in providers}
        self.types: Mapping[str, ResourceType] = {
            kind.name.lower(): kind for provider in self.providers.values() for kind in provider.types
        }
        self.operations = Operations(store, self._carry_out, self._mark_failed)
        seed_owner(store, self.subscription, OPERATOR.object_id)

    def type_of(self, resource: Resource) -> ResourceType:
        """The type a stored resource has."""
        return self.types[resource.type.lower()]

    def view(self, resource: Resource) -> dict[str, Any]:
        """A resource as GET shows it."""
        return self.type_of(resource).view(self, resource)

    def location(self, resource: Resource) -> str:
        """Where a resource is: a child where its parent is."""
        identifier: ResourceId | None = identifiers.resource(resource.id)
        while identifier is not None:
            found = self.store.get(identifier.text)
            if found is not None and "location" in found.body:
                return str(found.body["location"])
            identifier = identifier.parent
        return "global"

    def begin(self, kind: str, resource: Resource, detail: Mapping[str, Any]) -> Operation:
        """Start an operation on a resource; see `Operations.start`."""
        identifier = identifiers.resource(resource.id)
        operation_type = self.type_of(resource)
        seconds = self.settings.seconds(resource.type, kind)
        return self.operations.start(
            kind, resource.id, turn=operation_type.turn(identifier), seconds=seconds, detail=detail
        )

    def _carry_out(self, operation: Operation) -> None:
        resource = self.store.get(operation.resource_id)
        if operation.kind == "Delete":
            if resource is not None:
                self.type_of(resource).tear_down(self, resource)
                self.store.remove(resource.id)
            return
        if resource is None or resource.state == "Deleting":
            raise _preempted(operation)
        self.type_of(resource).carry_out(self, operation, resource)
        with self.store.transaction():
            current = self.store.get(operation.resource_id)
            if current is None or current.state == "Deleting":
                raise _preempted(operation)
            self.store.put(current.with_properties(provisioningState="Succeeded"))

    def _mark_failed(self, operation: Operation) -> None:
        resource = self.store.get(operation.resource_id)
        if resource is not None and (operation.kind == "Delete" or resource.state != "Deleting"):
            self.store.put(resource.with_properties(provisioningState="Failed"))
            self.type_of(resource).failed(self, resource)


def _preempted(operation: Operation) -> ArmError:
    return conflict("OperationPreempted", f"The {operation.kind} operation was preempted by a delete of the resource.")
