"""Objects against the schemas of their kinds: as written, then as rendered, told where a person wrote them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fleet.rendering import Item
from fleet.validation.finding import Finding, Path, dotted, shown
from fleet.validation.schemas import Schemas
from fleet.validation.source import Source

KUSTOMIZE: Final = "kustomize.config.k8s.io"
VARIABLE: Final = "${"
"""What Flux substitutes: its type is not known before."""

Sources = Mapping[str, Source]


def check_sources(sources: Sources, schemas: Schemas) -> Iterator[Finding]:
    """What people wrote; what is missing may come from the environment, so that is for `check_rendered`."""
    for source in sources.values():
        for number, document in enumerate(source.documents):
            if not isinstance(document, dict) or not _is_object(document):
                continue
            validator = schemas.validator(document["apiVersion"], document["kind"])
            if validator is None:
                yield from _unknown(source, number, document, schemas)
                continue
            for error in validator.iter_errors(document):
                if error.kind.name != "required" and VARIABLE not in str(error.instance)[:300]:
                    yield from _told(Place(source, number, tuple(error.instance_path)), error, validator, schemas)


def check_rendered(items: list[Item], sources: Sources, schemas: Schemas) -> Iterator[Finding]:
    """What Flux would apply."""
    for item in items:
        validator = schemas.validator(item.object["apiVersion"], item.object["kind"])
        if validator is None:
            continue
        for error in validator.iter_errors(item.object):
            yield from _told(locate(item, tuple(error.instance_path), sources), error, validator, schemas)


@dataclass(frozen=True)
class Place:
    """Where a person wrote a value: a file, the document in it, the path in that."""

    source: Source
    document: int
    path: Path

    def finding(self, rule: str, message: str, mend: str, *, value: object = None) -> Finding:
        """A mistake here."""
        return self.source.finding(self.document, self.path, rule, message, mend, value=value)


def locate(item: Item, path: Path, sources: Sources) -> Place:
    """Where a person wrote a value of a rendered object; the top of its file if that is no YAML.

    A value that is not in the object's own file but in the environment's release or settings is told of there.
    """
    source = sources.get(item.file) or Source(item.file, "", ({},))
    number = _document(item, source)
    written, rest = _mapped(item.object, source.documents[number], path)
    if rest is not None:
        return Place(source, number, written)
    value = _value(item.object, path)
    environment = PurePosixPath(item.file).parts[:2] if item.file.startswith("environments/") else ()
    for name in ("release.yaml", "settings.yaml"):
        other = sources.get(PurePosixPath(*environment, name).as_posix()) if environment else None
        data = other.documents[0].get("data") if other and isinstance(other.documents[0], dict) else None
        for key, each in (data or {}).items():
            if other and each == value:
                return Place(other, 0, ("data", key))
    return Place(source, number, written)


def _is_object(document: Mapping[str, Any]) -> bool:
    return (
        isinstance(document.get("apiVersion"), str)
        and isinstance(document.get("kind"), str)
        and not document["apiVersion"].startswith(KUSTOMIZE)
    )


def _unknown(source: Source, number: int, document: Mapping[str, Any], schemas: Schemas) -> Iterator[Finding]:
    kind, version = document["kind"], document["apiVersion"]
    if schemas.knows_group(version) and VARIABLE not in kind + version:
        known = difflib.get_close_matches(kind, schemas.kinds(version), 1)
        mend = (
            f"Write {known[0]}"
            if known
            else "Write a kind that exists in this version, as `kubectl api-resources` says"
        )
        yield source.finding(number, ("kind",), "schema", f"there is no such kind in {version}", mend, value=kind)


def _told(place: Place, error: Any, validator: Any, schemas: Schemas) -> Iterator[Finding]:
    source, path = place.source, place.path
    if error.kind.name == "additionalProperties":
        allowed = schemas.fields(validator, error.schema_path)
        for key in error.kind.unexpected:
            if key == "$patch":
                continue
            close = difflib.get_close_matches(key, allowed, 1)
            mend = (
                f"Did you mean {close[0]}?"
                if close
                else "Remove it" + (f"; known are {', '.join(allowed)}" if len(allowed) < 12 else "")
            )
            line, column = source.at(place.document, (*path, key), key=True)
            field = dotted((*path, key))
            yield Finding(source.file, line, column, "schema", field, "", "there is no such field", mend)
        return
    if error.kind.name == "required":
        message, mend = f"{error.kind.property} is missing", f"Add {error.kind.property}"
    else:
        message, mend = error.message, "Write a value that the schema allows"
    yield place.finding("schema", _short(message), mend, value=error.instance)


def _short(message: str) -> str:
    return (
        shown(message) if len(message) < 60 else f"{message[:100]}…{message[-60:]}" if len(message) > 170 else message
    )


def _document(item: Item, source: Source) -> int:
    """The document an object was made of; kustomize may have renamed it."""
    kind, name = item.object["kind"], item.object["metadata"]["name"]
    alike = [n for n, each in enumerate(source.documents) if isinstance(each, dict) and each.get("kind") == kind]
    for number in alike:
        if (source.documents[number].get("metadata") or {}).get("name") == name:
            return number
    return alike[0] if alike else 0


def _mapped(rendered: Any, written: Any, path: Path) -> tuple[Path, Path | None]:
    """The path as it is in what was written, items of lists being found by name; None where it ends before."""
    found: list[str | int] = []
    for part in path:
        inner = _child(rendered, part)
        if isinstance(part, int) and isinstance(inner, dict) and "name" in inner and isinstance(written, list):
            names = [each.get("name") if isinstance(each, dict) else None for each in written]
            if inner["name"] not in names:
                return tuple(found), None
            place: str | int = names.index(inner["name"])
        else:
            place = part
        outer = _child(written, place)
        if outer is None:
            return tuple(found), None
        found.append(place)
        rendered, written = inner, outer
    return tuple(found), ()


def _child(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _value(value: Any, path: Path) -> Any:
    for part in path:
        value = _child(value, part)
    return value
