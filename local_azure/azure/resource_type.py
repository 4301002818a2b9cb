"""What every resource type has in common, and the points where one differs from the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_azure.azure.errors import ArmError
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.regions import normal
from local_azure.azure.store import Resource

if TYPE_CHECKING:
    from local_azure.azure.directory import Principal
    from local_azure.azure.operations import Operation
    from local_azure.azure.subscription import Azure


@dataclass(frozen=True)
class Call:
    """One ARM request: who asks for what. `headers` has lower-case names, `query` one value each."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    caller: Principal
    host: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What a fault says about the operation this request starts."""


@dataclass(frozen=True)
class Reply:
    """What is answered; `body` is JSON, or None for no content."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Put:
    """A checked PUT: `body` has passed the schema, `existing` is what it would change."""

    call: Call
    id: ResourceId
    body: dict[str, Any]
    existing: Resource | None

    @property
    def properties(self) -> dict[str, Any]:
        """The body's `properties`, an empty mapping when it has none."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}


Action = Callable[["Azure", Call, Resource], Reply]


class ResourceType:
    """A type that is stored as it is sent. Subclasses say where theirs is more than that."""

    name: str
    tracked = True
    """Whether it has a location and tags."""
    slow = False
    """Whether writing and deleting are long-running operations."""
    slow_delete = False
    """Whether only deleting is one."""
    quick_delete = False
    """Whether deleting is none, though writing is one."""
    created = 201
    """Status of a PUT that made the resource."""
    updated = 200
    """Status of one that found it."""
    deleted = 200
    """Status of a successful DELETE that is no long-running operation."""
    real = False
    """Whether something outside the simulator's memory stands behind it."""
    location_header = False
    """Whether accepted writes carry Location besides Azure-AsyncOperation."""

    def __init__(self, name: str = "") -> None:
        self.name = name or self.name

    @property
    def actions(self) -> Mapping[str, Action]:
        """POST actions by lower-case name."""
        return {}

    def attributes(self, azure: Azure, call: Call, identifier: ResourceId) -> Mapping[str, str]:
        """What conditions of role assignments can ask about a request: `local_azure/azure/conditions.py`."""
        return {}

    @contextmanager
    def writing(self, azure: Azure, identifier: ResourceId) -> Iterator[None]:
        """Around every write and delete, outside its transaction."""
        yield

    def check_idle(self, azure: Azure, identifier: ResourceId) -> None:
        """Raise ArmError when something in progress forbids to write or delete the resource now."""

    def accept(self, azure: Azure, put: Put) -> Resource:
        """The resource as the PUT leaves it. Raises ArmError where a rule of the service is broken."""
        return Resource(put.id.text, self.name, self.body(put, put.properties))

    def accept_patch(self, azure: Azure, call: Call, existing: Resource) -> dict[str, Any]:
        """The body of the PUT a PATCH amounts to: most types allow to change the tags only."""
        changes = call.body if isinstance(call.body, dict) else {}
        return {**existing.body, "tags": changes.get("tags", existing.body.get("tags"))}

    def unchanged(self, azure: Azure, wanted: Resource, existing: Resource) -> bool:
        """Whether an accepted PUT says what is there already."""
        return wanted.body == existing.body

    def stored(self, azure: Azure, put: Put, resource: Resource) -> None:
        """Write what belongs to an accepted resource besides itself."""

    def find(self, azure: Azure, identifier: ResourceId) -> Resource | None:
        """The resource with this ID."""
        return azure.store.get(identifier.text)

    def listed(self, azure: Azure, within: str, query: Mapping[str, str]) -> list[Resource]:
        """The resources a list at the scope or parent `within` shows."""
        return azure.store.below(within, self.name)

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """The resource as GET shows it."""
        return {"id": resource.id, "name": resource.name, "type": resource.type, **resource.body}

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """Raise ArmError when something else forbids to delete the resource."""

    def carry_out(self, azure: Azure, operation: Operation, resource: Resource) -> None:
        """Do what a write stands for, outside any transaction; when it returns, the write has succeeded."""

    def failed(self, azure: Azure, resource: Resource) -> None:
        """Record on what belongs to a resource that its operation failed."""

    def tear_down(self, azure: Azure, resource: Resource) -> None:
        """Undo that for a delete; when it returns, the resource is forgotten."""

    def turn(self, identifier: ResourceId) -> str:
        """Operations with the same answer run one after the other."""
        return identifier.key

    def body(self, put: Put, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The sent body with other properties, a normal location, and a provisioning state."""
        whole: dict[str, Any] = {**put.body, "properties": {**properties, "provisioningState": "Succeeded"}}
        if "location" in whole:
            whole["location"] = normal(whole["location"])
        return whole


def unchangeable(put: Put, **values: tuple[Any, Any]) -> None:
    """Raise ArmError 400 PropertyChangeNotAllowed for the first property whose old and new value differ."""
    for name, (old, new) in values.items():
        if old is not None and new is not None and old != new:
            path = "properties." + name.replace("__", ".")
            raise ArmError(400, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", target=path)
