"""A resource's life in Azure: created, read, updated, deleted, in plain values. The steps are the real provider's:
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.azure_native import translate
from local_azure.azure_native.answers import AzureError, OperationFailed, provisioning_state
from local_azure.azure_native.arm import Arm, Interrupted
from local_azure.azure_native.differences import refreshed_inputs
from local_azure.azure_native.table import Function, Resource, Table
from local_azure.azure_native.values import Secret, Value


@dataclass(frozen=True)
class State:
    """A resource as Azure has it: its ID, outputs, and the inputs that describe it."""

    id: str
    outputs: dict[str, Value]
    inputs: dict[str, Value]


class Unfinished(Exception):
    """Azure took the request and then failed or was too slow: the resource exists in `state`, not as asked."""

    def __init__(self, state: State, cause: Exception) -> None:
        super().__init__(str(cause))
        self.state = state


class AlreadyExists(Exception):
    """Something stands where a resource was to be created; taking it over needs an import."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"cannot create already existing resource '{resource_id}'")


class Lifecycle:
    """Works on the resources of one subscription. Raises AzureError, Interrupted, and what the methods say."""

    def __init__(self, table: Table, arm: Arm, subscription: str) -> None:
        self._table = table
        self._arm = arm
        self._subscription = subscription

    def create(self, resource: Resource, inputs: dict[str, Value], timeout: float) -> State:
        """Raises AlreadyExists where the resource is there, Unfinished where Azure fails after accepting."""
        path = translate.request_path(resource, self._subscription, inputs)
        if self._arm.exists(path, resource.api_version):
            raise AlreadyExists(path)
        body = translate.body(self._table, resource, inputs)
        for wire in self._children_left_out(resource, inputs):
            translate.place(body, wire, [])
        return self._put(resource, path, body, inputs, timeout)

    def update(self, resource: Resource, inputs: dict[str, Value], timeout: float) -> State:
        """A PUT replaces all: children that the program does not name are others' and are sent back as they are."""
        path = translate.request_path(resource, self._subscription, inputs)
        body = translate.body(self._table, resource, inputs)
        present = self._arm.settled(path, resource.api_version, timeout)
        for wire in self._children_left_out(resource, inputs):
            children = translate.find(present, wire)
            if children is not None:
                translate.place(body, wire, children)
        return self._put(resource, path, body, inputs, timeout)

    def _put(
        self, resource: Resource, path: str, body: dict[str, Any], inputs: dict[str, Value], timeout: float
    ) -> State:
        try:
            self._arm.put(path, resource.api_version, body, timeout)
        except (OperationFailed, Interrupted) as error:
            present = self._present(resource, path, inputs)
            if present is None:
                raise
            raise Unfinished(present, error) from error
        return self._state(resource, path, self._arm.get(path, resource.api_version), inputs)

    def _present(self, resource: Resource, path: str, inputs: dict[str, Value]) -> State | None:
        """What a failed request left behind, if anything."""
        try:
            return self._state(resource, path, self._arm.get(path, resource.api_version), inputs)
        except (AzureError, Interrupted):
            return None

    def _state(self, resource: Resource, path: str, found: dict[str, Any], inputs: dict[str, Value]) -> State:
        return State(str(found.get("id") or path), translate.outputs(self._table, resource, found), inputs)

    def _children_left_out(self, resource: Resource, inputs: Mapping[str, Value]) -> list[tuple[str, ...]]:
        properties = self._table.type(resource.body)
        return [properties[name].wire for name in resource.children if name not in inputs]

    def read(
        self, resource: Resource, resource_id: str, inputs: dict[str, Value], outputs: Mapping[str, Value]
    ) -> State | None:
        """The resource as it is now, or None where it is gone.

        `inputs` and `outputs` are those of the last update; without inputs (an import) they come from Azure alone.
        Raises Unfinished for a creation that was interrupted and then failed.
        """
        read = self._arm.get if outputs else self._arm.settled
        try:
            found = read(resource_id, resource.api_version)
        except AzureError as error:
            if error.status == 404:
                return None
            raise
        now = translate.outputs(self._table, resource, found)
        if not inputs:
            own = translate.as_inputs(self._table, resource, now) | translate.path_inputs(resource, resource_id)
            return State(resource_id, now, own | {"azureApiVersion": resource.api_version})
        if not outputs:  # a creation that nobody saw the end of: what was asked for is all that is known
            ended = provisioning_state(found)
            if ended != "succeeded":
                raise Unfinished(
                    State(resource_id, now, inputs), ValueError(f"its creation was interrupted and {ended}")
                )
            return State(resource_id, now, inputs)
        others = {name for name in resource.children if name not in inputs}
        before = translate.as_inputs(self._table, resource, _without(outputs, others))
        current = translate.as_inputs(self._table, resource, _without(now, others))
        return State(resource_id, now, refreshed_inputs(inputs, before, current))

    def delete(self, resource: Resource, resource_id: str, timeout: float) -> None:
        self._arm.delete(resource_id, resource.api_version, timeout)

    def call(self, function: Function, arguments: Mapping[str, Value]) -> dict[str, Value]:
        """The result of a function, secrets marked. Raises ValueError naming an argument that is missing."""
        path = translate.request_path(function, self._subscription, arguments)
        query = {wire: str(arguments[name]) for name, wire in function.query.items() if name in arguments}
        if function.method == "GET":
            found = self._arm.get(path, function.api_version)
        else:
            found = self._arm.post(path, function.api_version, query)
        result: dict[str, Value] = translate.outputs(self._table, function, found)
        for secret in function.secret:
            result = _with_secret(result, secret.split("."))
        return result

    def location_of_group(self, group: str) -> str:
        """Where a resource group is, or "" where it cannot be told."""
        resource = self._table.resources["azure-native:resources:ResourceGroup"]
        path = translate.request_path(resource, self._subscription, {"resourceGroupName": group})
        try:
            return str(self._arm.get(path, resource.api_version).get("location", ""))
        except AzureError:
            return ""


def _without(values: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if name not in names}


def _with_secret(value: Value, path: list[str]) -> Value:
    """A copy of `value` in which what stands at `path`, in every member of the lists on the way, is a secret."""
    if isinstance(value, list):
        return [_with_secret(member, path) for member in value]
    if not path:
        return Secret(value)
    if isinstance(value, Mapping) and path[0] in value:
        return {**value, path[0]: _with_secret(value[path[0]], path[1:])}
    return value
