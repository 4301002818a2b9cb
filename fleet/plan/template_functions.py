"""Functions of Go templates and of Sprig that classes use: https://masterminds.github.io/sprig/"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final


class TemplateError(Exception):
    """A template that cannot be evaluated here; the message says which part."""


def truth(value: Any) -> bool:
    """Go's truth: not nil, false, zero or empty."""
    return bool(value)


def text(value: Any) -> str:
    """As Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{text(item)}" for key, item in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(text, value)) + "]"
    return str(value)


def _printf(layout: str, *values: Any) -> str:
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if not rest or found[0] not in ("%s", "%d", "%v", "%q", "%t") or (rest[0] is None and found[0] != "%v"):
            raise TemplateError(f"printf {layout} is not known here")
        value = rest.pop(0)
        return "<nil>" if value is None else json.dumps(text(value)) if found[0] == "%q" else text(value)

    return re.sub(r"%[^a-zA-Z%]*.", one, layout)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else value[key]
    return value


def _all(*values: Any) -> Any:
    return next((value for value in values if not truth(value)), values[-1])


def _any(*values: Any) -> Any:
    return next((value for value in values if truth(value)), values[-1])


def _replace_all(pattern: str, value: str, replacement: str) -> str:
    return re.sub(pattern, re.sub(r"\$\{?(\d+)\}?", r"\\\1", replacement), value)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "and": _all,
    "or": _any,
    "not": lambda value: not truth(value),
    "eq": lambda value, *others: any(value == other for other in others),
    "ne": lambda value, other: value != other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "len": len,
    "index": _index,
    "printf": _printf,
    "print": lambda *values: "".join(map(text, values)),
    "default": lambda fallback, value=None: value if truth(value) else fallback,
    "coalesce": _any,
    "empty": lambda value: not truth(value),
    "ternary": lambda yes, no, test: yes if test else no,
    "quote": lambda *values: " ".join(json.dumps(text(value)) for value in values),
    "squote": lambda *values: " ".join(f"'{text(value)}'" for value in values),
    "toJson": lambda value: json.dumps(value, separators=(",", ":")),
    "toString": text,
    "int": int,
    "title": lambda value: re.sub(r"\b[a-z]", lambda found: found[0].upper(), value),
    "lower": str.lower,
    "upper": str.upper,
    "trim": str.strip,
    "trimPrefix": lambda prefix, value: value.removeprefix(prefix),
    "trimSuffix": lambda suffix, value: value.removesuffix(suffix),
    "hasPrefix": lambda prefix, value: value.startswith(prefix),
    "hasSuffix": lambda suffix, value: value.endswith(suffix),
    "contains": lambda part, value: part in value,
    "replace": lambda old, new, value: value.replace(old, new),
    "join": lambda separator, values: separator.join(map(text, values)),
    "splitList": lambda separator, value: value.split(separator),
    "list": lambda *values: list(values),
    "dict": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)),
    "has": lambda item, values: item in values,
    "hasKey": lambda mapping, key: key in mapping,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "add": lambda *values: sum(values),
    "sub": lambda value, other: value - other,
    "mul": lambda value, other: value * other,
    "max": lambda *values: max(map(int, values)),
    "min": lambda *values: min(map(int, values)),
    "indent": lambda width, value: "\n".join(" " * width + line for line in value.split("\n")),
    "nindent": lambda width, value: "\n" + "\n".join(" " * width + line for line in value.split("\n")),
    "regexMatch": lambda pattern, value: re.search(pattern, value) is not None,
    "regexReplaceAll": _replace_all,
}
"""By name; a piped value is the last argument."""
