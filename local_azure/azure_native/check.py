"""Checks a program's inputs, with the words the real provider has for what is wrong.

Stricter in one point: a property that the type does not have is an error here, where the real provider drops it
silently. Values outside an enum are left to Azure, as the real provider leaves them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from local_azure.azure_native.table import Property, Resource, Table
from local_azure.azure_native.values import UNKNOWN, Value

PROVIDER_OWN = frozenset({"azureApiVersion", "__createBeforeDelete", "__defaults"})
"""Inputs that belong to Pulumi rather than to the type."""

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
}


def failures(table: Table, resource: Resource, inputs: Mapping[str, Value]) -> list[str]:
    """One sentence for every thing wrong with the inputs of a resource."""
    return list(_failures(table, resource, inputs))


def _failures(table: Table, resource: Resource, inputs: Mapping[str, Value]) -> Iterator[str]:
    names = {parameter.name for parameter in resource.parameters}
    for parameter in resource.parameters:
        if parameter.name in inputs:
            yield from _value(table, parameter.limits, "", inputs[parameter.name], parameter.name)
        else:
            yield f"missing required property '{parameter.name}'"
    body = {key: value for key, value in inputs.items() if key not in names | PROVIDER_OWN}
    # A scope is in the path and, read-only, in the type too.
    yield from _object(table, resource.body, body, "", given=names)


def _object(
    table: Table, type_name: str, value: Mapping[str, Value], where: str, given: set[str] | None = None
) -> Iterator[str]:
    properties = table.type(type_name)
    for name, entry in properties.items():
        path = f"{where}.{name}" if where else name
        if entry.required and not entry.readonly and name not in value and name not in (given or ()):
            yield f"missing required property '{path}'" + _location_advice(path)
    for name, member in value.items():
        path = f"{where}.{name}" if where else name
        known = properties.get(name)
        if known is None:
            yield f"unknown property '{path}'"
        elif not known.readonly:  # the SDK has some of these; they are not sent
            yield from _value(table, known, known.containers, member, path)


def _location_advice(path: str) -> str:
    if path != "location":
        return ""
    return ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'."


def _value(table: Table, entry: Property, containers: str, value: Value, where: str) -> Iterator[str]:
    if value is UNKNOWN or entry.type == "any":
        return
    if containers[:1] == "[" or (entry.string_set and isinstance(value, list)):
        if not isinstance(value, list):
            yield f"'{where}' should be of type 'array' but got {_article(value)}"
            return
        for index, member in enumerate(value):
            if not entry.string_set:
                yield from _value(table, entry, containers[1:], member, f"{where}[{index}]")
    elif containers[:1] == "{" or entry.object_type:
        if not isinstance(value, Mapping):
            yield f"'{where}' should be of type 'object' but got {_article(value)}"
        elif containers:
            for key, member in value.items():
                yield from _value(table, entry, containers[1:], member, f"{where}.{key}")
        else:
            yield from _object(table, entry.object_type, value, where)
    else:
        yield from _scalar(entry, value, where)


def _scalar(entry: Property, value: Value, where: str) -> Iterator[str]:
    if not isinstance(value, SCALARS[entry.type]) or (isinstance(value, bool) and entry.type != "boolean"):
        yield f"'{where}' should be of type '{entry.type}' but got {_article(value)}"
    elif isinstance(value, str):
        yield from _string(entry, value, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if entry.type == "integer" and isinstance(value, float):
            yield f"'{where}' must be an integer but got {value:f}"
        if entry.minimum is not None and value < entry.minimum:
            yield f"'{where}' is too low ({value:f} < {entry.minimum:f})"
        if entry.maximum is not None and value > entry.maximum:
            yield f"'{where}' is too high ({value:f} > {entry.maximum:f})"


def _string(entry: Property, value: str, where: str) -> Iterator[str]:
    if entry.min_length is not None and len(value) < entry.min_length:
        yield f"'{where}' is too short ({len(value)}): at least {entry.min_length} characters required"
    if entry.max_length is not None and len(value) > entry.max_length:
        yield f"'{where}' is too long ({len(value)}): at most {entry.max_length} characters allowed"
    if entry.pattern and not re.search(entry.pattern, value):
        yield f"'{where}' does not match expression '{entry.pattern}'"


def _article(value: Value) -> str:
    if isinstance(value, bool):
        return "a boolean"
    kinds: dict[type, str] = {str: "a string", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return kinds.get(type(value), f"a {type(value).__name__}")
