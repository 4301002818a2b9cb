"""Turns Microsoft's SDK models and the docstrings of `pulumi-azure-native` into the table the provider works by.

Runs once, when the plugin is installed: the SDKs take seconds to import, the table a few milliseconds to read. From
Microsoft's side come URLs, where each property stands in the request, what is required, read-only or bounded; from
Pulumi's side the API version of each type. The table is never committed: it is as much Microsoft's as the SDKs are.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from local_azure.azure_native.catalogue import FUNCTION_ROWS, RENAMED, RESOURCE_ROWS, FunctionRow, ResourceRow

SCALARS = {"bool": "boolean", "int": "integer", "long": "integer", "float": "number", "object": "any"}
LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "pattern": "pattern",
    "min_length": "min_length",
    "max_length": "max_length",
}


class RequestRecorder:
    """Stands in for an SDK's serializer, to learn a request's path and query parameters instead of filling them in."""

    def __init__(self) -> None:
        self.parameters: dict[str, dict[str, Any]] = {}

    def url(self, name: str, _data: object, _type: str, **limits: Any) -> str:
        camel = lower_camel(name)
        self.parameters[camel] = {LIMITS[key]: value for key, value in limits.items() if key in LIMITS}
        return f"{{{camel}}}"

    def query(self, name: str, data: object, _type: str, **_limits: Any) -> str:
        return str(data) if name == "api_version" else f"{{{lower_camel(name)}}}"

    def header(self, _name: str, data: object, _type: str, **_limits: Any) -> str:
        return str(data)


def lower_camel(name: str) -> str:
    """How Pulumi spells a property: `resource_group_name` and `resource-group-name` become `resourceGroupName`."""
    head, *tail = re.split(r"[-_]", name)
    return head[:1].lower() + head[1:] + "".join(word[:1].upper() + word[1:] for word in tail)


def table() -> dict[str, Any]:
    """The whole table: {"resources": {token: …}, "functions": {token: …}, "types": {name: {property: …}}}."""
    types: dict[str, dict[str, Any]] = {}
    resources = {row.token: _resource(row, types) for row in RESOURCE_ROWS}
    functions = {row.token: _function(row, types) for row in FUNCTION_ROWS}
    while any(_mark_unwritable(entry, types) for properties in types.values() for entry in properties.values()):
        pass  # what holds only objects that nobody can write cannot be written either
    return {"resources": resources, "functions": functions, "types": types}


def _mark_unwritable(entry: dict[str, Any], types: dict[str, dict[str, Any]]) -> bool:
    """Marks a property whose objects have read-only members only; returns whether that is new.

    It is read-only itself, but for a map: of that the keys can be written, and Pulumi takes it as a list of strings.
    """
    members = types[entry["type"][1:]].values() if entry["type"].startswith("#") else ()
    if entry.get("readonly") or entry.get("string_set") or not members:
        return False
    if not all(member.get("readonly") for member in members):
        return False
    entry["string_set" if entry.get("containers") == "{" else "readonly"] = True
    return True


def _resource(row: ResourceRow, types: dict[str, Any]) -> dict[str, Any]:
    models = importlib.import_module(f"{row.sdk.package}.models")
    return {
        **_request(row),
        "body": _type(models, row.model, types),
        "response": _type(models, row.response or row.model, types),
        "create_only": list(row.create_only),
        "children": list(row.children),
    }


def _function(row: FunctionRow, types: dict[str, Any]) -> dict[str, Any]:
    models = importlib.import_module(f"{row.sdk.package}.models")
    return {**_request(row), "response": _type(models, row.response, types), "secret": list(row.secret)}


def _request(row: ResourceRow | FunctionRow) -> dict[str, Any]:
    module_name, function_name = row.sdk.builder(row.group, row.verb)
    module: Any = importlib.import_module(module_name)
    builder = getattr(module, function_name)
    recorder, serializer = RequestRecorder(), module._SERIALIZER
    required = [name for name, it in inspect.signature(builder).parameters.items() if it.kind is not it.VAR_KEYWORD]
    module._SERIALIZER = recorder
    try:
        request = builder(**dict.fromkeys(required, "asked"))
    finally:
        module._SERIALIZER = serializer
    path, _, query = request.url.partition("?")
    query_names = re.findall(r"([^&=]+)=(?:\{|%7B)(\w+)", query)
    return {
        "method": request.method,
        "path": "/" + path.strip("/"),
        "api_version": api_version(row.token),
        "parameters": recorder.parameters,
        "query": {name: wire for wire, name in query_names},
    }


def api_version(token: str) -> str:
    """The Azure API version `pulumi-azure-native` documents as the default of a type or function."""
    package = importlib.util.find_spec("pulumi_azure_native")
    if package is None or package.origin is None:
        raise LookupError("pulumi-azure-native is not installed in this virtual environment")
    source = Path(package.origin).parent.joinpath(*sdk_module(token)).with_suffix(".py")
    found = re.search(r"Uses Azure REST API version (\S+?)\.(?:\s|$)", source.read_text(encoding="utf-8"))
    if not found:
        raise LookupError(f"{source} does not say which API version {token} uses")
    return found.group(1)


def sdk_module(token: str) -> tuple[str, str]:
    """Package and module of `pulumi_azure_native` that a type or function is in."""
    _, package, name = token.split(":")
    return package, re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _type(models: ModuleType, name: str, types: dict[str, Any]) -> str:
    """Adds a model, and all it refers to, to `types`; returns its key."""
    key = f"{models.__name__.removeprefix('azure.mgmt.').removesuffix('.models')}.{name}"
    if key in types:
        return key
    properties: dict[str, Any] = {}
    types[key] = properties  # before its properties, since models refer to themselves
    model = getattr(models, name)
    for attribute, entry in model._attribute_map.items():
        wire = _wire(entry)
        pulumi_name = RENAMED.get(f"{name}.{attribute}", lower_camel(wire[-1]))
        # Of two properties of one name, flattening leaves the inner one; its place in the map is later.
        properties[pulumi_name] = _property(models, entry["type"], model._validation.get(attribute, {}), types)
        properties[pulumi_name]["wire"] = wire
    return key


def _property(models: ModuleType, kind: str, validation: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    containers = ""
    while kind[0] in "[{":
        containers += kind[0]
        kind = kind[1:-1]
    described: dict[str, Any] = {LIMITS[key]: value for key, value in validation.items() if key in LIMITS}
    described |= {flag: True for flag in ("required", "readonly") if validation.get(flag)}
    if hasattr(getattr(models, kind, None), "_attribute_map"):
        described["type"] = "#" + _type(models, kind, types)
    else:
        described["type"] = SCALARS.get(kind, "string")
    if containers:
        described["containers"] = containers
    return described


def _wire(entry: dict[str, str]) -> list[str]:
    """The path of a property in a request; a dot within a name is escaped."""
    return [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", entry["key"])]
