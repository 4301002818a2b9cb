"""The inside of a Go template's action: `index .list 1 | printf "%s"`.

https://pkg.go.dev/text/template#hdr-Pipelines
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fleet.plan.template_functions import FUNCTIONS, TemplateError

TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|(?P<assign>:=|=)
    |(?P<path>\$?\w*(?:\.\w+)+|\$\w*|\.)|(?P<word>\w+)|(?P<close>\)(?:\.\w+)*)|(?P<mark>[(|,]))""",
    re.VERBOSE,
)

Token = tuple[str, str]


def tokens(code: str) -> Iterator[Token]:
    """The kinds and texts of what an action has."""
    position = 0
    while position < len(code.rstrip()):
        found = TOKEN.match(code, position)
        if not found:
            raise TemplateError(f"cannot read {{{{{code}}}}}")
        position = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


def _member(value: Any, path: str) -> Any:
    for member in filter(None, path.split(".")):
        value = value.get(member) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True)
class Scope:
    """What `.` is, and the variables by their names with `$`."""

    dot: Any
    variables: dict[str, Any]

    def lookup(self, path: str) -> Any:
        head, *members = path.split(".")
        value = self.variables.get(head, self.dot)
        if head and head not in self.variables:
            raise TemplateError(f"there is no variable {head}")
        return _member(value, ".".join(members))


class Pipeline:
    """Evaluates `a b | c`, possibly assigned to a variable."""

    def __init__(self, code: tuple[Token, ...], scope: Scope) -> None:
        self._code, self._scope, self._at = code, scope, 0

    def value(self) -> tuple[Any, bool]:
        """The value, and whether an action prints it."""
        name = self._code[0][1] if len(self._code) > 1 and self._code[1][0] == "assign" else ""
        self._at = 2 if name else 0
        value = self._pipe()
        if self._at != len(self._code):
            raise TemplateError(f"cannot read {' '.join(word for _, word in self._code)}")
        if name:
            self._scope.variables[name] = value
        return value, not name

    def _pipe(self) -> Any:
        value = self._command([])
        while self._peek() == ("mark", "|"):
            self._at += 1
            value = self._command([value])
        return value

    def _command(self, piped: list[Any]) -> Any:
        kind, word = self._next()
        if kind == "word" and word not in ("true", "false", "nil"):
            if word not in FUNCTIONS:
                raise TemplateError(f"the function {word} is not known here")
            arguments = []
            while (token := self._peek()) and token != ("mark", "|") and token[0] != "close":
                arguments.append(self._operand(*self._next()))
            return FUNCTIONS[word](*arguments, *piped)
        if piped:
            raise TemplateError(f"{word} is no function")
        return self._operand(kind, word)

    def _operand(self, kind: str, word: str) -> Any:
        if kind == "string":
            return word[1:-1] if word[0] == "`" else json.loads(word)
        if kind == "number":
            return float(word) if "." in word else int(word)
        if kind == "path":
            return self._scope.lookup(word)
        if (kind, word) == ("mark", "("):
            value = self._pipe()
            kind, closing = self._next()
            if kind != "close":
                raise TemplateError("a parenthesis is not closed")
            return _member(value, closing[1:])
        if word in ("true", "false", "nil"):
            return {"true": True, "false": False, "nil": None}[word]
        if word in FUNCTIONS:
            return FUNCTIONS[word]()
        raise TemplateError(f"cannot read {word}")

    def _peek(self) -> Token | None:
        return self._code[self._at] if self._at < len(self._code) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise TemplateError("an action ends too early")
        self._at += 1
        return token
