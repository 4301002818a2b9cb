"""What of an object on the cluster is not as Git has it, and who made it so, by Kubernetes' records of field owners.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Object = dict[str, Any]

HANDS: Final = ("kubectl", "k9s", "headlamp", "lens", "freelens")
"""How the field managers of what people use begin."""

_OF_THE_SERVER: Final = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_NOTHING: Final = "nothing"


@dataclass(frozen=True)
class Edit:
    """One field that is not as it is asked for.

    Attributes:
        what: the object.
        field: dotted path; empty where the whole object is not there.
        live, asked: the values.
        by: who owns the field; empty where nobody is known to.
        reverted: whether Flux sets it back.
    """

    what: str
    field: str
    live: str
    asked: str
    by: str
    reverted: bool


def edits(what: str, live: Object | None, asked: Object, manager: str) -> Iterator[Edit]:
    """All differences between an object and what a dry run of Flux's apply would make of it.

    Args:
        manager: Flux's own field manager.
    """
    if live is None:
        yield Edit(what, "", _NOTHING, "is in Git", "", True)
        return
    owned = [
        (str(each["manager"]), each["fieldsV1"])
        for each in live["metadata"].get("managedFields") or ()
        if "fieldsV1" in each and "subresource" not in each
    ]
    told: set[tuple[str, ...]] = set()
    for path, old, new in _differences(_plain(live), _plain(asked)):
        by = next((name for name, fields in owned if name != manager and _owns(fields, path)), "")
        told.add(path)
        yield Edit(what, ".".join(path), _shown(old), _shown(new), by, True)
    ours = [fields for name, fields in owned if name == manager]
    for name, fields in owned:
        for path in _leaves(fields) if name.lower().startswith(HANDS) else ():
            if not any(each[: len(path)] == path for each in told) and not any(_owns(each, path) for each in ours):
                yield Edit(what, ".".join(path), _shown(_at(live, path)), _NOTHING, name, False)


def _plain(document: Object) -> Object:
    metadata = {key: value for key, value in document["metadata"].items() if key not in _OF_THE_SERVER}
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": metadata}


def _differences(live: Any, asked: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(live, Mapping) and isinstance(asked, Mapping):
        for key in sorted({*live, *asked}):
            yield from _differences(live.get(key), asked.get(key), (*path, key))
    elif isinstance(live, list) and isinstance(asked, list) and len(live) == len(asked):
        for number, (old, new) in enumerate(zip(live, asked, strict=True)):
            yield from _differences(old, new, (*path, str(number)))
    elif live != asked:
        yield path, live, asked


def _owns(fields: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a field, or the list or value that it is in, is among those of a manager."""
    for part in path:
        inner = fields.get(f"f:{part}")
        if inner is None:
            # Items of lists are named by their keys, as k:{"name":"system"}: any of them will do.
            return part.isdecimal() and any(key.startswith(("k:", "v:")) for key in fields)
        if not inner:
            return True
        fields = inner
    return True


def _leaves(fields: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in fields.items():
        if key.startswith("f:"):
            here = (*path, key.removeprefix("f:"))
            yield from _leaves(inner, here) if any(each.startswith("f:") for each in inner) else [here]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _shown(value: Any) -> str:
    text = _NOTHING if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
