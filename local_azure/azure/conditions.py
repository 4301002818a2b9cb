"""Conditions of role assignments (Azure ABAC, version 2.0), as far as they are about role assignments themselves.

The grammar of https://learn.microsoft.com/azure/role-based-access-control/conditions-format, with the attributes and
operators of https://learn.microsoft.com/azure/role-based-access-control/conditions-authorization-actions-attributes.
Anything else is refused when it is written, so that no condition is ever taken and then not enforced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

VERSION = "2.0"
OF_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments:"
ATTRIBUTES = ("RoleDefinitionId", "PrincipalId", "PrincipalType")
OPERATORS = {
    "ForAnyOfAnyValues:GuidEquals": True,
    "ForAnyOfAnyValues:StringEqualsIgnoreCase": True,
    "GuidEquals": True,
    "StringEqualsIgnoreCase": True,
    "ForAnyOfAllValues:GuidNotEquals": False,
    "ForAnyOfAllValues:StringNotEqualsIgnoreCase": False,
    "GuidNotEquals": False,
    "StringNotEqualsIgnoreCase": False,
}
"""Each operator, and whether it asks for being one of the values, or none of them."""

Attributes = Mapping[str, str]
"""What is known of a request, such as `{"@Request:PrincipalType": "User"}`."""

TOKEN = re.compile(
    r"\s*(?:(?P<word>\(|\)|!|\{|\}|,|AND\b|OR\b|&&|\|\|)|(?P<action>ActionMatches\b)"
    r"|(?P<source>@Request|@Resource)\[(?P<attribute>[^\]]+)\]|(?P<text>'[^']*')|(?P<name>[\w:.-]+))",
    re.IGNORECASE,
)


class NotUnderstood(ValueError):
    """The condition is malformed, or about something that is not simulated; the message says where."""


class Condition:
    """A condition, or a part of one."""

    def holds(self, action: str, about: Attributes) -> bool:
        """Whether it is fulfilled for an action on something with these attributes."""
        raise NotImplementedError


@dataclass(frozen=True)
class _All(Condition):
    parts: tuple[Condition, ...]

    def holds(self, action: str, about: Attributes) -> bool:
        return all(part.holds(action, about) for part in self.parts)


@dataclass(frozen=True)
class _Any(Condition):
    parts: tuple[Condition, ...]

    def holds(self, action: str, about: Attributes) -> bool:
        return any(part.holds(action, about) for part in self.parts)


@dataclass(frozen=True)
class _Not(Condition):
    part: Condition

    def holds(self, action: str, about: Attributes) -> bool:
        return not self.part.holds(action, about)


@dataclass(frozen=True)
class _ActionMatches(Condition):
    pattern: str

    def holds(self, action: str, about: Attributes) -> bool:
        pattern = ".*".join(map(re.escape, self.pattern.split("*")))
        return re.fullmatch(pattern, action, re.IGNORECASE) is not None


@dataclass(frozen=True)
class _Compares(Condition):
    attribute: str
    among: bool
    values: frozenset[str]

    def holds(self, action: str, about: Attributes) -> bool:
        """What is not known is equal to nothing, and fulfils nothing."""
        known = about.get(self.attribute)
        return known is not None and (known.lower() in self.values) is self.among


@lru_cache
def parse(text: str) -> Condition:
    """Read a condition. Raises NotUnderstood."""
    reader = _Reader(text)
    found = reader.alternatives()
    reader.expect_end()
    return found


class _Reader:
    """Reads from left to right; AND binds before OR."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._at = 0

    def alternatives(self) -> Condition:
        parts = [self._conjunction()]
        while self._takes("OR", "||"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def expect_end(self) -> None:
        if self._at < len(self._text):
            raise self._wrong("the end")

    def _conjunction(self) -> Condition:
        parts = [self._single()]
        while self._takes("AND", "&&"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _single(self) -> Condition:
        if self._takes("!"):
            return _Not(self._single())
        if self._takes("("):
            inside = self.alternatives()
            self._expect(")")
            return inside
        found = self._next()
        if found and found["action"]:
            self._at = found.end()
            self._expect("{")
            return _ActionMatches(self._values("a pattern")[0])
        if found and found["source"]:
            self._at = found.end()
            return self._comparison(found["source"], found["attribute"])
        raise self._wrong("ActionMatches, @Request or @Resource")

    def _comparison(self, source: str, attribute: str) -> Condition:
        name = next((each for each in ATTRIBUTES if (OF_ASSIGNMENTS + each).lower() == attribute.lower()), None)
        if name is None:
            raise NotUnderstood(f"the attribute {attribute} is not simulated")
        operator = self._next()
        known = {each.lower(): among for each, among in OPERATORS.items()}
        if not operator or (operator["name"] or "").lower() not in known:
            raise self._wrong("an operator for role assignments")
        self._at = operator.end()
        values = self._values("values") if self._takes("{") else [self._value()]
        where = "@Request" if source.lower() == "@request" else "@Resource"
        return _Compares(f"{where}:{name}", known[operator["name"].lower()], frozenset(map(str.lower, values)))

    def _values(self, what: str) -> list[str]:
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        if not self._takes("}"):
            raise self._wrong(f"}} behind {what}")
        return values

    def _value(self) -> str:
        found = self._next()
        value = found and (found["text"] or found["name"])
        if not found or not value:
            raise self._wrong("a value")
        self._at = found.end()
        return str(value).strip("'")

    def _next(self) -> re.Match[str] | None:
        return TOKEN.match(self._text, self._at)

    def _takes(self, *words: str) -> bool:
        found = self._next()
        if not found or (found["word"] or "").upper() not in words:
            return False
        self._at = found.end()
        return True

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._wrong(word)

    def _wrong(self, expected: str) -> NotUnderstood:
        return NotUnderstood(f"{expected} is expected at '{self._text[self._at : self._at + 40].strip()}'")
