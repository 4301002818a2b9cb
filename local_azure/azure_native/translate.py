"""Between the shape of Pulumi's SDK and that of Azure's requests, in both directions: `vmSize` ↔
`properties.vmSize`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from local_azure.azure_native.check import PROVIDER_OWN
from local_azure.azure_native.table import Function, Property, Resource, Table
from local_azure.azure_native.values import UNKNOWN, Value

Json = Any

OWNERS: Final = frozenset({"scope", "resourceUri"})
"""Parameters of a path that are the whole ID of the resource that something hangs on."""


def request_path(target: Resource | Function, subscription: str, inputs: Mapping[str, Value]) -> str:
    """The path of a resource or function. What it hangs on is a resource ID itself, so its slashes stay.

    Raises ValueError naming a parameter that is not given.
    """
    given = {"subscriptionId": subscription, **inputs}

    def fill(found: re.Match[str]) -> str:
        if found[1] not in given:
            raise ValueError(f"missing required argument '{found[1]}' of {target.token}")
        value = str(given[found[1]])
        return value.strip("/") if found[1] in OWNERS else quote(value, safe="")

    return re.sub(r"\{(\w+)\}", fill, target.path)


def path_inputs(resource: Resource, resource_id: str) -> dict[str, str]:
    """The inputs that a resource ID carries. Raises ValueError where it is the ID of another type."""
    template = re.sub(r"\{(\w+)\}", lambda it: f"(?P<{it[1]}>{'.+' if it[1] in OWNERS else '[^/]+'})", resource.path)
    found = re.fullmatch(template, resource_id, re.IGNORECASE)
    if not found:
        raise ValueError(f"'{resource_id}' is not the ID of a {resource.token}; its form is {resource.path}")
    inputs = {name: value for name, value in found.groupdict().items() if name != "subscriptionId"}
    return {name: "/" + value.strip("/") if name in OWNERS else value for name, value in inputs.items()}


def body(table: Table, resource: Resource, inputs: Mapping[str, Value]) -> dict[str, Json]:
    """The request body that says what the inputs say."""
    path_only = {parameter.name for parameter in resource.parameters} | PROVIDER_OWN
    return _to_wire(table, resource.body, {key: value for key, value in inputs.items() if key not in path_only})


def _to_wire(table: Table, type_name: str, value: Mapping[str, Value]) -> dict[str, Json]:
    wire: dict[str, Json] = {}
    properties = table.type(type_name)
    for name, member in value.items():
        entry = properties.get(name)
        if entry is None or entry.readonly:
            continue
        place(wire, entry.wire, _member_to_wire(table, entry, entry.containers, member))
    return wire


def _member_to_wire(table: Table, entry: Property, containers: str, value: Value) -> Json:
    if entry.string_set and isinstance(value, list):
        return {key: {} for key in value}
    return _each(entry, containers, value, lambda name, it: _to_wire(table, name, it))


def _each(entry: Property, containers: str, value: Value, convert: Callable[[str, dict[str, Value]], Json]) -> Json:
    """Applies `convert` to every object of the property's type within its lists and maps."""
    if isinstance(value, list) and containers[:1] == "[":
        return [_each(entry, containers[1:], member, convert) for member in value]
    if isinstance(value, Mapping) and containers[:1] == "{":
        return {key: _each(entry, containers[1:], member, convert) for key, member in value.items()}
    if isinstance(value, Mapping) and entry.object_type and not containers:
        return convert(entry.object_type, dict(value))
    return value


def place(target: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    """Sets `target[a][b]…` of a path, making the objects on the way."""
    for key in path[:-1]:
        target = target.setdefault(key, {})
    target[path[-1]] = value


def find(source: Json, path: tuple[str, ...]) -> Json:
    """What stands at a path, or None."""
    for key in path:
        if not isinstance(source, Mapping):
            return None
        source = source.get(key)
    return source


def outputs(table: Table, target: Resource | Function, response: Mapping[str, Json]) -> dict[str, Value]:
    """An answer of Azure as the SDK shows it."""
    found = _from_wire(table, target.response, response)
    if isinstance(target, Resource):
        found.pop("id", None)  # Pulumi keeps it apart
    if isinstance(target, Resource) or target.method == "GET":
        found["azureApiVersion"] = target.api_version
    return found


def _from_wire(table: Table, type_name: str, wire: Mapping[str, Json]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, entry in table.type(type_name).items():
        value = find(wire, entry.wire)
        if value is not None:
            found[name] = _each(entry, entry.containers, value, lambda kind, it: _from_wire(table, kind, it))
    return found


def as_inputs(table: Table, resource: Resource, seen: Mapping[str, Value]) -> dict[str, Value]:
    """The part of a resource's outputs that a program could have written: without what only Azure sets."""
    return _writable(table, resource.body, seen)


def _writable(table: Table, type_name: str, value: Mapping[str, Value]) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    properties = table.type(type_name)
    for name, member in value.items():
        entry = properties.get(name)
        if entry is None or entry.readonly:
            continue
        if entry.string_set and isinstance(member, Mapping):
            kept[name] = sorted(member)
        else:
            kept[name] = _each(entry, entry.containers, member, lambda kind, it: _writable(table, kind, it))
    return kept


def preview(table: Table, resource: Resource, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Outputs as far as they can be told before the call: what the inputs say, and unknown for the rest."""
    expected = _expect(table, resource.response, inputs)
    expected.pop("id", None)
    expected["azureApiVersion"] = resource.api_version
    return expected


def _expect(table: Table, type_name: str, given: Mapping[str, Value]) -> dict[str, Value]:
    expected: dict[str, Value] = {}
    for name, entry in table.type(type_name).items():
        value = given.get(name, UNKNOWN)
        if entry.readonly or (entry.string_set and isinstance(value, list)):
            expected[name] = UNKNOWN
        else:
            expected[name] = _each(entry, entry.containers, value, lambda kind, it: _expect(table, kind, it))
    return expected
