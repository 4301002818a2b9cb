"""Reads YAML that anybody may have written: what could do harm is refused before a command gets it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

DEEPEST: Final = 60
"""Levels of nesting; the deepest CRD has about 40."""

MOST_NODES: Final = 100_000
"""Nodes of a file once its aliases are written out."""

_COMPACT: Final = re.compile(rf"(?:[-?:] +){{{DEEPEST},}}")


@dataclass(frozen=True)
class Text:
    """A file that can be read: its text, and its documents."""

    text: str
    documents: tuple[Any, ...]


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot: where, from 1, and why."""

    line: int
    column: int
    why: str


class _Loader(yaml.CSafeLoader):
    """Safe, by libyaml, and refuses a key that is there twice, which YAML forbids and Go refuses."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in keys:
                    why = f"the key {key.value[:60]} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, why, key.start_mark)
                keys.add(key.value)
        return super().construct_mapping(node, deep)


def parse(content: bytes) -> Text | Unreadable:
    """Read one file, in a time that grows with its length only."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Unreadable(line, error.start - content.rfind(b"\n", 0, error.start), "is not UTF-8")
    too_deep = next(_deeper(text), None)
    if too_deep is not None:
        return Unreadable(*position(text, too_deep), f"is nested more than {DEEPEST} deep")
    try:
        if ("*" in text or "&" in text) and _expanded(text) > MOST_NODES:
            return Unreadable(1, 1, f"its aliases expand to more than {MOST_NODES} values")
        return Text(text, tuple(each for each in yaml.load_all(text, _Loader) if each is not None))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Unreadable(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, str(error.problem))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        return Unreadable(1, 1, " ".join(str(error).split()))


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _deeper(text: str) -> Iterator[int]:
    """Offsets at which brackets or compact lists are nested too deep; brackets in texts count too."""
    compact = _COMPACT.search(text)
    if compact:
        yield compact.start()
    depth = 0
    for match in re.finditer(r"[\[\]{}]", text):
        depth = max(0, depth + (1 if match[0] in "[{" else -1))
        if depth > DEEPEST:
            yield match.start()
            return


def _expanded(text: str) -> int:
    """The number of nodes with every alias written out; each node is counted once, so this is quick."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known is None:
            sizes[id(node)] = MOST_NODES + 1  # of one that contains itself
            children: list[yaml.Node] = []
            if isinstance(node, yaml.MappingNode):
                children = [each for pair in node.value for each in pair]
            elif isinstance(node, yaml.SequenceNode):
                children = node.value
            sizes[id(node)] = known = 1 + sum(size(each) for each in children)
        return known

    return sum(size(node) for node in list(yaml.compose_all(text, yaml.CSafeLoader)) if node is not None)
