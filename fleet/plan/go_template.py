"""Go templates as Cluster API's classes use them in patches; no engine of them exists for Python.

The language: https://pkg.go.dev/text/template, with the functions of `template_functions`. What is not known here is an
error, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from fleet.plan.template_functions import FUNCTIONS, TemplateError, text, truth

ACTION: Final = re.compile(r"\{\{(?P<trim>-\s)?(?P<code>.*?)(?P<after>\s-)?\}\}", re.DOTALL)
TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|(?P<assign>:=|=)
    |(?P<path>\$?\w*(?:\.\w+)+|\$\w*|\.)|(?P<word>\w+)|(?P<close>\)(?:\.\w+)*)|(?P<mark>[(|,]))""",
    re.VERBOSE,
)
KEYWORDS: Final = ("if", "with", "range", "else", "end")

Token = tuple[str, str]


@dataclass(frozen=True)
class _Block:
    """Text, an action, or one of if, with and range with what it encloses."""

    keyword: str
    code: tuple[Token, ...] = ()
    literal: str = ""
    body: list[_Block] = field(default_factory=list)
    otherwise: list[_Block] = field(default_factory=list)


def render(template: str, values: Mapping[str, Any]) -> str:
    """Execute a template.

    Raises:
        TemplateError: it is malformed, or uses what is not known here.
    """
    return "".join(_run(_parsed(template), _Scope(values, {"$": values})))


@lru_cache(maxsize=256)
def _parsed(template: str) -> list[_Block]:
    blocks, closing = _parse(iter(_pieces(template)))
    if closing is not None:
        raise TemplateError(f"{{{{{closing.keyword}}}}} closes nothing")
    return blocks


def _pieces(template: str) -> Iterator[_Block]:
    position, trim = 0, False
    for found in ACTION.finditer(template):
        before = template[position : found.start("code") - 2 - len(found["trim"] or "")]
        before = before.rstrip() if found["trim"] else before
        yield _Block("text", literal=before.lstrip() if trim else before)
        trim, position = bool(found["after"]), found.end()
        code = found["code"].strip()
        if not code.startswith("/*"):
            tokens = tuple(_tokens(code))
            keyword = tokens[0][1] if tokens and tokens[0][0] == "word" and tokens[0][1] in KEYWORDS else "action"
            yield _Block(keyword, tokens if keyword == "action" else tokens[1:])
    rest = template[position:]
    yield _Block("text", literal=rest.lstrip() if trim else rest)


def _tokens(code: str) -> Iterator[Token]:
    position = 0
    while position < len(code.rstrip()):
        found = TOKEN.match(code, position)
        if not found:
            raise TemplateError(f"cannot read {{{{{code}}}}}")
        position = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


def _parse(pieces: Iterator[_Block]) -> tuple[list[_Block], _Block | None]:
    """Blocks up to the `end` or `else` that closes them, and that one."""
    blocks: list[_Block] = []
    for piece in pieces:
        if piece.keyword in ("end", "else"):
            return blocks, piece
        blocks.append(_enclosing(piece, pieces) if piece.keyword in ("if", "with", "range") else piece)
    return blocks, None


def _enclosing(start: _Block, pieces: Iterator[_Block]) -> _Block:
    body, closing = _parse(pieces)
    otherwise: list[_Block] = []
    if closing is not None and closing.keyword == "else":
        if closing.code:  # else if …
            return _Block(start.keyword, start.code, "", body, [_enclosing(_Block("if", closing.code[1:]), pieces)])
        otherwise, closing = _parse(pieces)
    if closing is None:
        raise TemplateError(f"{{{{{start.keyword}}}}} has no {{{{end}}}}")
    return _Block(start.keyword, start.code, "", body, otherwise)


def _member(value: Any, path: str) -> Any:
    for member in filter(None, path.split(".")):
        value = value.get(member) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True)
class _Scope:
    """What `.` is, and the variables by their names with `$`."""

    dot: Any
    variables: dict[str, Any]

    def lookup(self, path: str) -> Any:
        head, *members = path.split(".")
        value = self.variables.get(head, self.dot)
        if head and head not in self.variables:
            raise TemplateError(f"there is no variable {head}")
        return _member(value, ".".join(members))


def _run(blocks: list[_Block], scope: _Scope) -> Iterator[str]:
    for block in blocks:
        if block.keyword == "text":
            yield block.literal
        elif block.keyword == "range":
            yield from _range(block, scope)
        else:
            value, shown = _Pipeline(block.code, scope).value()
            if block.keyword == "action":
                yield text(value) if shown else ""
            elif truth(value):
                yield from _run(block.body, scope if block.keyword == "if" else _Scope(value, scope.variables))
            else:
                yield from _run(block.otherwise, scope)


def _range(block: _Block, scope: _Scope) -> Iterator[str]:
    names = [word for kind, word in block.code if kind == "path" and word.startswith("$")]
    assigned = any(kind == "assign" for kind, _ in block.code)
    code = block.code[[kind for kind, _ in block.code].index("assign") + 1 :] if assigned else block.code
    value, _ = _Pipeline(code, scope).value()
    pairs = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value or ()))
    for key, item in pairs:
        named = dict(zip(names[-2:], (key, item) if len(names) > 1 else (item,), strict=False)) if assigned else {}
        yield from _run(block.body, _Scope(item, {**scope.variables, **named}))
    if not pairs:
        yield from _run(block.otherwise, scope)


class _Pipeline:
    """Evaluates `a b | c`, possibly assigned to a variable."""

    def __init__(self, code: tuple[Token, ...], scope: _Scope) -> None:
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
