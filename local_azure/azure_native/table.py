"""The generated table, typed: what the provider knows about each resource, function and object type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Property:
    """One property of an object type.

    `type` is string, integer, number, boolean, any, or `#Name` of another object type; `containers` is "" or a run
    of `[` (list of) and `{` (map to), outermost first; `wire` is its path in a request.
    """

    type: str
    wire: tuple[str, ...]
    containers: str = ""
    required: bool = False
    readonly: bool = False
    string_set: bool = False
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""

    @property
    def object_type(self) -> str:
        """The name of the object type it refers to, or ""."""
        return self.type[1:] if self.type.startswith("#") else ""


ObjectType = dict[str, Property]


@dataclass(frozen=True)
class Parameter:
    """A path parameter, with the limits its value must keep."""

    name: str
    limits: Property


@dataclass(frozen=True)
class Function:
    """A call that reads something: its result is `response`, of which `secret` paths are secrets."""

    token: str
    method: str
    path: str
    api_version: str
    parameters: tuple[Parameter, ...]
    response: str
    query: dict[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A resource: PUT `body` to `path`, and `response` comes back.

    Changing a parameter of the path or a `create_only` property replaces it; `children` are lists in it that other
    resources may own.
    """

    token: str
    path: str
    api_version: str
    parameters: tuple[Parameter, ...]
    body: str
    response: str
    create_only: tuple[str, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def name_parameter(self) -> str:
        """The parameter that names the resource itself, the last of its path."""
        return self.parameters[-1].name

    @property
    def replacing(self) -> frozenset[str]:
        """Property paths a change of which replaces the resource."""
        return frozenset(self.create_only) | {parameter.name for parameter in self.parameters}


class Table:
    """What `generate.table` wrote. Types are made into objects when first asked for, since most never are."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._types: dict[str, ObjectType] = {}

    @classmethod
    def load(cls, path: Path) -> Table:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def resources(self) -> dict[str, Resource]:
        return {token: _resource(token, raw) for token, raw in self._raw["resources"].items()}

    @cached_property
    def functions(self) -> dict[str, Function]:
        getters = {function.token: function for function in map(getter, self.resources.values())}
        return getters | {token: _function(token, raw) for token, raw in self._raw["functions"].items()}

    def type(self, name: str) -> ObjectType:
        if name not in self._types:
            self._types[name] = {key: _property(raw) for key, raw in self._raw["types"][name].items()}
        return self._types[name]


def getter(resource: Resource) -> Function:
    """Every resource has a function that reads it: `network:getSubnet` for `network:Subnet`."""
    module, _, name = resource.token.rpartition(":")
    token = f"{module}:get{name}"
    return Function(token, "GET", resource.path, resource.api_version, resource.parameters, resource.response)


def _resource(token: str, raw: dict[str, Any]) -> Resource:
    return Resource(
        token=token,
        path=raw["path"],
        api_version=raw["api_version"],
        parameters=_parameters(raw),
        body=raw["body"],
        response=raw["response"],
        create_only=tuple(raw["create_only"]),
        children=tuple(raw["children"]),
    )


def _function(token: str, raw: dict[str, Any]) -> Function:
    return Function(
        token=token,
        method=raw["method"],
        path=raw["path"],
        api_version=raw["api_version"],
        parameters=_parameters(raw),
        response=raw["response"],
        query=raw["query"],
        secret=tuple(raw["secret"]),
    )


def _parameters(raw: dict[str, Any]) -> tuple[Parameter, ...]:
    """In the order of the path; the subscription is the provider's, not the program's, to give."""
    limits = {name: value for name, value in raw["parameters"].items() if name != "subscriptionId"}
    return tuple(
        Parameter(name, Property("string", (name,), required=True, **limits[name]))
        for name in sorted(limits, key=lambda name: str(raw["path"]).index(f"{{{name}}}"))
    )


def _property(raw: dict[str, Any]) -> Property:
    return Property(**{**raw, "wire": tuple(raw["wire"])})
