"""Schemas of Kubernetes' own kinds, made of lightkube's models, which are generated from Kubernetes' API."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, Final

import msgspec

Schema = dict[str, Any]

GROUPS: Final = {
    "": "core",
    "rbac.authorization.k8s.io": "rbac",
    "admissionregistration.k8s.io": "admissionregistration",
    "apiextensions.k8s.io": "apiextensions",
    "networking.k8s.io": "networking",
    "storage.k8s.io": "storage",
    "coordination.k8s.io": "coordination",
    "scheduling.k8s.io": "scheduling",
    "certificates.k8s.io": "certificates",
    "apiregistration.k8s.io": "apiregistration",
    "apps": "apps",
    "batch": "batch",
    "policy": "policy",
    "autoscaling": "autoscaling",
}
"""Name of a group to that of its modules. https://lightkube.readthedocs.io/en/latest/resources-and-models/"""

_TEXTS: Final[Schema] = {"type": ["object", "null"], "additionalProperties": {"type": ["string", "null"]}}


def has_group(group: str) -> bool:
    """Whether a group is Kubernetes' own."""
    return group in GROUPS


@cache
def schema(api_version: str, kind: str) -> Schema | None:
    """The schema of a kind, in which unknown fields are mistakes; None where Kubernetes has none such."""
    group, _, version = api_version.rpartition("/")
    if group not in GROUPS:
        return None
    try:
        model = getattr(importlib.import_module(f"lightkube.models.{GROUPS[group]}_{version}"), kind, None)
    except ModuleNotFoundError:
        return None
    if model is None or not issubclass(model, msgspec.Struct):
        return None
    made = msgspec.json.schema(model, schema_hook=lambda _: {})
    own = made["$defs"].get(kind)
    for name, definition in made["$defs"].items():
        made["$defs"][name] = _strict(definition)
    if own is not None:
        made["$defs"][kind]["properties"] |= {"status": {}, "metadata": metadata()}
        if kind == "Secret":  # what SOPS adds to one that it encrypts, and Flux takes off
            made["$defs"][kind]["properties"] |= {"sops": {"type": "object"}}
    return made


def _strict(definition: Schema) -> Schema:
    kept = {key: value for key, value in definition.items() if key not in ("title", "description", "type")}
    if "properties" not in definition:
        return kept
    properties = {name: _plain(field) for name, field in definition["properties"].items()}
    return {**kept, "type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _plain(field: Schema) -> Schema:
    """A field that may be null, without a choice of two schemas, whose errors would name neither."""
    choices = [each for each in field.get("anyOf", [field]) if each.get("type") != "null"]
    if len(choices) != 1:
        return {}
    (field,) = choices
    if "$ref" in field:
        return {"$ref": field["$ref"]}
    kept: Schema = {"type": [field["type"], "null"]} if isinstance(field.get("type"), str) else {}
    for key in ("items", "additionalProperties"):
        if isinstance(field.get(key), dict):
            kept[key] = _plain(field[key])
    return kept


@cache
def metadata() -> Schema:
    """The schema of any object's metadata."""
    from lightkube.models import meta_v1  # noqa: PLC0415 - slow to import

    fields = msgspec.json.schema(meta_v1.ObjectMeta, schema_hook=lambda _: {})["$defs"]["ObjectMeta"]["properties"]
    properties: Schema = {name: {} for name in fields}
    properties |= {"labels": _TEXTS, "annotations": _TEXTS}
    properties |= {"name": {"type": "string"}, "namespace": {"type": ["string", "null"]}}
    return {"type": "object", "properties": properties, "additionalProperties": False}
