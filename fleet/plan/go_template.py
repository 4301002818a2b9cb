"""Go templates as Cluster API's classes use them in patches; no engine of them exists for Python.

The language: https://pkg.go.dev/text/template, with the functions of `template_functions`. What is not known here is an
error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from fleet.plan.go_pipeline import Pipeline, Scope, Token, tokens
from fleet.plan.template_functions import TemplateError, text, truth

ACTION: Final = re.compile(r"\{\{(?P<trim>-\s)?(?P<code>.*?)(?P<after>\s-)?\}\}", re.DOTALL)
KEYWORDS: Final = ("if", "with", "range", "else", "end")


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
    return "".join(_run(_parsed(template), Scope(values, {"$": values})))


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
            read = tuple(tokens(code))
            keyword = read[0][1] if read and read[0][0] == "word" and read[0][1] in KEYWORDS else "action"
            yield _Block(keyword, read if keyword == "action" else read[1:])
    rest = template[position:]
    yield _Block("text", literal=rest.lstrip() if trim else rest)


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


def _run(blocks: list[_Block], scope: Scope) -> Iterator[str]:
    for block in blocks:
        if block.keyword == "text":
            yield block.literal
        elif block.keyword == "range":
            yield from _range(block, scope)
        else:
            value, shown = Pipeline(block.code, scope).value()
            if block.keyword == "action":
                yield text(value) if shown else ""
            elif truth(value):
                yield from _run(block.body, scope if block.keyword == "if" else Scope(value, scope.variables))
            else:
                yield from _run(block.otherwise, scope)


def _range(block: _Block, scope: Scope) -> Iterator[str]:
    names = [word for kind, word in block.code if kind == "path" and word.startswith("$")]
    assigned = any(kind == "assign" for kind, _ in block.code)
    code = block.code[[kind for kind, _ in block.code].index("assign") + 1 :] if assigned else block.code
    value, _ = Pipeline(code, scope).value()
    pairs = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value or ()))
    for key, item in pairs:
        named = dict(zip(names[-2:], (key, item) if len(names) > 1 else (item,), strict=False)) if assigned else {}
        yield from _run(block.body, Scope(item, {**scope.variables, **named}))
    if not pairs:
        yield from _run(block.otherwise, scope)
