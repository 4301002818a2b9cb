"""What changes between two sets of inputs, path by path, and whether that replaces the resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from local_azure.azure_native.table import Resource
from local_azure.azure_native.values import Value


class Change(Enum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """A changed property, its path as Pulumi writes it: `agentPoolProfiles[0].count`."""

    path: str
    change: Change
    replaces: bool


def differences(
    resource: Resource, old: Mapping[str, Value], new: Mapping[str, Value], state: Mapping[str, Value]
) -> list[Difference]:
    """The changes from `old` to `new` inputs.

    `state` are the resource's outputs: writing down what Azure had chosen by itself changes nothing, so it does not
    replace.
    """
    found = []
    for path, change in _walk(old, new, ""):
        replaces = _replaces(resource, path)
        if replaces and change is Change.ADD and path in state and state[path] == new[path]:
            replaces = False
        found.append(Difference(path, change, replaces))
    return found


def _walk(old: Value, new: Value, where: str) -> Iterator[tuple[str, Change]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            path = _join(where, key)
            if key not in new:
                yield path, Change.DELETE
            elif key not in old:
                yield path, Change.ADD
            else:
                yield from _walk(old[key], new[key], path)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            path = f"{where}[{index}]"
            if index >= len(new):
                yield path, Change.DELETE
            elif index >= len(old):
                yield path, Change.ADD
            else:
                yield from _walk(old[index], new[index], path)
    elif old != new and not (where == "location" and same_location(old, new)):
        yield where, Change.UPDATE


def _join(where: str, key: str) -> str:
    """https://www.pulumi.com/docs/iac/concepts/miscellaneous/property-paths/"""
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        return f'{where}["{key}"]'
    return f"{where}.{key}" if where else key


def _replaces(resource: Resource, path: str) -> bool:
    """A create-only property replaces, and so does everything inside one."""
    plain = re.sub(r"\[\d+\]", "", path)
    return any(plain == it or plain.startswith((f"{it}.", f'{it}["')) for it in resource.replacing)


def same_location(one: Value, other: Value) -> bool:
    """Azure takes "West Europe" and "westeurope" for the same."""
    return isinstance(one, str) and isinstance(other, str) and _plain_location(one) == _plain_location(other)


def _plain_location(location: str) -> str:
    return location.replace(" ", "").lower()


def refreshed_inputs(inputs: Mapping[str, Value], before: Value, now: Value) -> dict[str, Value]:
    """Inputs that also say what drifted: what differs between the input shape of the outputs `before` and `now`.

    Azure fills in many defaults; only what changed since the last update is drift, the rest would be noise.
    """
    result = dict(inputs)
    for key in before.keys() | now.keys():
        if key not in now:
            result.pop(key, None)
        elif key not in before:
            result[key] = now[key]
        elif before[key] != now[key] and not (key == "location" and same_location(before[key], now[key])):
            result[key] = _merge(inputs.get(key), before[key], now[key])
    return result


def _merge(given: Value, before: Value, now: Value) -> Value:
    if before == now and given is not None:
        return given
    if isinstance(given, Mapping) and isinstance(before, Mapping) and isinstance(now, Mapping):
        return refreshed_inputs(given, before, now)
    if isinstance(given, list) and isinstance(before, list) and isinstance(now, list):
        paired = min(len(given), len(before))
        return [_merge(given[i], before[i], it) if i < paired else it for i, it in enumerate(now)]
    return now
