"""Checks a request's body against Microsoft's models, and refuses it in ARM's words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import ArmError, bad_request

TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "duration": (str,),
    "iso-8601": (str,),
    "rfc-1123": (str,),
    "date": (str,),
    "time": (str,),
    "bytearray": (str,),
}
ENVELOPE = {"id", "name", "type", "etag", "systemdata", "kind"}
"""Members every resource may carry; clients send back what a GET gave them."""


class Schema:
    """Request models by resource type; `table` is what `schema_table` writes."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._types: Mapping[str, str] = table["types"]
        self._models: Mapping[str, Any] = table["models"]

    def check(self, kind: str, body: object) -> dict[str, Any]:
        """The body as it is taken: read-only members dropped, enumerations in Azure's spelling.

        Types without a model are taken as they are. Raises ArmError 400 for wrong JSON types, unknown or missing
        members, and values out of range.
        """
        if not isinstance(body, dict):
            raise _invalid("The request content must be a JSON object.", "")
        model = self._types.get(kind.lower())
        if model is None:
            return body
        kept = {name: value for name, value in body.items() if name.lower() not in ENVELOPE}
        for name in ("name", "kind"):
            if name in body and name in self._models[model]["fields"]:
                kept[name] = body[name]
        return self._object(self._models[model], kept, "", model.rsplit(".", 1)[1])

    def _object(self, model: Mapping[str, Any], body: object, where: str, title: str) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise _wrong_type(where, "object", body)
        fields: Mapping[str, Any] = model["fields"]
        spelling = {name.lower(): name for name in fields}
        taken: dict[str, Any] = {}
        for given, value in body.items():
            name = spelling.get(given.lower())
            path = f"{where}.{name or given}" if where else name or given
            if name is None:
                if model.get("open") or given.lower() in ENVELOPE:
                    taken[given] = value
                    continue
                raise _invalid(f"Could not find member '{given}' on object of type '{title}'. Path '{path}'.", path)
            if fields[name].get("readonly"):
                continue
            if value is not None:
                taken[name] = self._value(fields[name], value, path, name)
        self._require(fields, taken, where)
        return taken

    def _require(self, fields: Mapping[str, Any], taken: Mapping[str, Any], where: str) -> None:
        for name, field in fields.items():
            path = f"{where}.{name}" if where else name
            if field["kind"] == "inline":
                if name not in taken:
                    self._require(field["fields"], {}, path)
            elif field.get("required") and not field.get("readonly") and name not in taken:
                raise bad_request("InvalidParameter", f"Required parameter {path} is missing (null).", path)

    def _value(self, field: Mapping[str, Any], value: Any, path: str, title: str, depth: int = 0) -> Any:
        containers = field.get("containers", ())
        if depth < len(containers):
            return self._container(field, value, path, title, depth)
        if field["kind"] == "inline":
            return self._object(field, value, path, title)
        if field["kind"] == "model":
            return self._object(self._models[field["model"]], value, path, field["model"].rsplit(".", 1)[1])
        expected = TYPES.get(field["kind"])
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
            raise _wrong_type(path, field["kind"], value)
        return _constrained(field, value, path)

    def _container(self, field: Mapping[str, Any], value: Any, path: str, title: str, depth: int) -> Any:
        if field["containers"][depth] == "map":
            if not isinstance(value, dict):
                raise _wrong_type(path, "object", value)
            return {
                key: None if item is None else self._value(field, item, f"{path}['{key}']", title, depth + 1)
                for key, item in value.items()
            }
        if not isinstance(value, list):
            raise _wrong_type(path, "array", value)
        if len(value) < field.get("min_items", 0) or len(value) > field.get("max_items", len(value)):
            raise bad_request("InvalidParameter", f"The value of parameter {path} has a wrong number of items.", path)
        return [self._value(field, item, f"{path}[{index}]", title, depth + 1) for index, item in enumerate(value)]


def _constrained(field: Mapping[str, Any], value: Any, path: str) -> Any:
    """The value, spelt as the enumeration has it; raises for what is out of range."""
    reason = ""
    if "values" in field:
        spelling = {str(known).lower(): known for known in field["values"]}
        if str(value).lower() in spelling:
            return spelling[str(value).lower()]
        reason = f"Supported values are {', '.join(map(str, field['values']))}"
    elif "pattern" in field and not re.search(field["pattern"], value):
        reason = f"it must match {field['pattern']}"
    elif ("minimum" in field and value < field["minimum"]) or ("maximum" in field and value > field["maximum"]):
        reason = f"it must be from {field.get('minimum', 'any')} to {field.get('maximum', 'any')}"
    elif isinstance(value, str) and not field.get("min_length", 0) <= len(value) <= field.get("max_length", len(value)):
        reason = f"it must have {field.get('min_length', 0)} to {field.get('max_length', 'any')} characters"
    if reason:
        raise bad_request(
            "InvalidParameter", f"The value of parameter {path} is invalid: {json.dumps(value)}. {reason}.", path
        )
    return value


def _invalid(reason: str, path: str) -> ArmError:
    message = f"The request content was invalid and could not be deserialized: '{reason}'"
    return bad_request("InvalidRequestContent", message, path or None)


def _wrong_type(path: str, expected: str, value: Any) -> ArmError:
    found = json.dumps(value)[:60]
    return _invalid(f"Error converting value {found} to type '{expected}'. Path '{path}'.", path)
