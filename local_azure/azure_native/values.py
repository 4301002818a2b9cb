"""Pulumi property values ↔ plain Python: how unknowns and secrets travel inside a protobuf Struct.

The markers are fixed by Pulumi's protocol:
https://github.com/pulumi/pulumi/blob/v3.231.0/sdk/go/common/resource/plugin/rpc.go
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_MARKERS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string; also what stands for a value of any other type
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

Value = Any
"""None, bool, int, float, str, Unknown, Secret, or lists and dicts (keys are str) of them."""


class Unknown:
    """A value that is not known before something has been created. There is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


class Secret:
    """A value that Pulumi must encrypt in its state and hide in its output."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "secret"


def has_unknown(value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(has_unknown(member) for member in value.values())
    if isinstance(value, list):
        return any(has_unknown(member) for member in value)
    return value is UNKNOWN


def from_struct(struct: struct_pb2.Struct | None) -> dict[str, Value]:
    """A property bag without nulls; secrets and outputs are opened, since the engine keeps track of them itself."""
    if struct is None:
        return {}
    return _present((key, _from_value(value)) for key, value in struct.fields.items())


def _from_value(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_MARKERS else value.string_value
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_from_value(member) for member in value.list_value.values]
        case "struct_value":
            return _from_object(value.struct_value)
        case _:
            return None


def _from_object(struct: struct_pb2.Struct) -> Value:
    members = {key: _from_value(value) for key, value in struct.fields.items()}
    match members.get(SIGNATURE):
        case str(signature) if signature == SECRET:
            return members.get("value")
        case str(signature) if signature == OUTPUT:
            return members.get("value", UNKNOWN)
        case _:
            return _present(members.items())


def _present(items: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    return {key: value for key, value in items if value is not None}


def to_struct(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            _set(struct.fields[key], value)
    return struct


def _set(target: struct_pb2.Value, value: Value) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case Unknown():
            target.string_value = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
        case Secret():
            target.struct_value.CopyFrom(to_struct({SIGNATURE: SECRET, "value": value.value}))
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case list() | tuple():
            target.list_value.SetInParent()
            for member in value:
                _set(target.list_value.values.add(), member)
        case Mapping():
            target.struct_value.CopyFrom(to_struct(value))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be a Pulumi property value")
