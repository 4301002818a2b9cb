"""The repository's YAML files as people wrote them, with the line and column of each value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml

from fleet.rendering import Checkout, Text, Unreadable
from fleet.rendering.safe_yaml import parse
from fleet.validation.finding import Finding, Path, dotted, shown


@dataclass(frozen=True)
class Source:
    """A YAML file.

    Attributes:
        file: path in the repository.
        text: its content.
        documents: its objects.
    """

    file: str
    text: str
    documents: tuple[Any, ...]

    @cached_property
    def _nodes(self) -> list[yaml.Node]:
        nodes = [node for node in yaml.compose_all(self.text, yaml.CSafeLoader) if node is not None]
        return [node for node in nodes if node.tag != "tag:yaml.org,2002:null"]  # as an empty document is

    def at(self, document: int, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column of a value, or of the nearest that encloses it; of its key if `key`."""
        node = self._nodes[document] if document < len(self._nodes) else None
        mark = node.start_mark if node else None
        for part in path:
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in node.value if pair[0].value == part), None)
                if pair is None:
                    break
                node, mark = pair[1], pair[0].start_mark if key or not _is_inline(pair[1]) else pair[1].start_mark
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                mark = node.start_mark
            else:
                break
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def finding(
        self, document: int, path: Path, rule: str, message: str, mend: str, *, value: object = None, key: bool = False
    ) -> Finding:
        """A mistake in this file."""
        line, column = self.at(document, path, key=key)
        return Finding(self.file, line, column, rule, dotted(path), shown(value), message, mend)


MENDS: Final[dict[str, Callable[[str], bool]]] = {
    "Save the file as UTF-8": lambda why: "UTF-8" in why,
    "Write the values out, without aliases of aliases": lambda why: "aliases" in why,
    "Mend the YAML of this line": lambda why: True,
}
"""What to do, and about what."""


def read(checkout: Checkout) -> tuple[dict[str, Source], list[Finding]]:
    """All YAML files that can be trusted to be read, and what is wrong with the others."""
    found = [
        Finding(each.file, 1, 1, "file", "", "", each.why, "Only ordinary files below this folder are read")
        for each in checkout.refused
    ]
    sources: dict[str, Source] = {}
    for file, content in checkout.contents.items():
        if isinstance(content, Unreadable):
            mend = next(mend for mend, suits in MENDS.items() if suits(content.why))
            rule = "file" if "UTF-8" in content.why else "yaml"
            found.append(Finding(file, content.line, content.column, rule, "", "", shown(content.why), mend))
        else:
            sources[file] = Source(file, content.text, content.documents)
    return sources, found


def read_clusters(texts: Mapping[str, bytes]) -> dict[str, Source]:
    """Those of these files that have a Cluster and can be read."""
    found = {file: parse(text) for file, text in texts.items() if b"Cluster" in text}
    return {file: Source(file, each.text, each.documents) for file, each in found.items() if isinstance(each, Text)}


def _is_inline(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) or bool(getattr(node, "flow_style", False))
