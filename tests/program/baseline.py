"""The tables of docs/baseline.md that say where a value is in a PUT body, and what it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.program.project import CHECKOUT

PAGE = CHECKOUT / "docs" / "baseline.md"
ROW = re.compile(r"\| \[(?P<rule>[^]]+)\]\(\S+\) \| `(?P<where>\S+)` \| `(?P<value>.+)` \|")
CLUSTER = "managedClusters"


class Promise(NamedTuple):
    """A row: in every PUT of a type, all values at a path are this one; after a `/`, of those whose names end so."""

    rule: str
    type: str
    path: str
    value: Any


def promises() -> list[Promise]:
    """Every row that names a place in a PUT body."""
    found = []
    for row in ROW.finditer(PAGE.read_text()):
        type_, _, path = row["where"].rpartition("#")
        found.append(Promise(row["rule"], type_ or CLUSTER, path, json.loads(row["value"])))
    return found


def broken(calls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the bodies of these PUTs do not keep, a line each."""
    for promise in promises():
        kind, _, ending = promise.type.partition("/")
        named = [(call["path"].split("/")[-2:], call["body"]) for call in calls]
        bodies = [body for (type_, name), body in named if type_ == kind and name.endswith(ending)]
        values = [value for body in bodies for value in _at(body, promise.path.split("."))]
        if not values or any(value != promise.value for value in values):
            yield f"{promise.rule}: {promise.path} is {values}, not {promise.value}"


def _at(found: Any, path: list[str]) -> Iterator[Any]:
    """All values at a path, in which `name[]` is every item of a list and `name[key=value]` some of them."""
    if not path:
        yield found
        return
    name, _, chosen = path[0].rstrip("]").partition("[")
    inside = (found or {}).get(name)
    if "[" not in path[0]:
        yield from _at(inside, path[1:])
        return
    key, _, value = chosen.partition("=")
    for item in inside or ():
        if not chosen or item[key] == value:
            yield from _at(item, path[1:])
