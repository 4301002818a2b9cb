"""One mistake, as a person can find and mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Path = tuple[str | int, ...]

RULES: Final = {
    "file": "Files are small, ordinary, UTF-8",
    "yaml": "YAML is well-formed, without duplicate keys, tags, deep nesting or expanding aliases",
    "schema": "Objects keep to the schema of their kind, without unknown fields",
    "rendering": "Everything renders as Flux renders it",
    "reference": "What is referred to exists, in this repository",
    "class": "Requests keep to their class: variables, pools",
    "unique-name": "Names of clusters are unique in the fleet",
    "tenant": "Teams are where they are allowed to be, and their limits can be kept",
    "cidr": "Networks of clusters do not overlap",
    "kubernetes-version": "Kubernetes goes up by one minor version at a time, and never down; nodes are hardly behind",
    "immutable": "What Azure fixes when it makes a resource is not changed",
    "promotion": "No environment is ahead of the one before",
    "secret": "No secret is committed in clear",
    "reconcile-policy": "Azure Service Operator's reconcile-policy is one of its three values",
    "admission": "The fleet's own admission policies admit every object",
}
"""Id of a rule, to what it demands."""


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake in a file of the repository.

    Attributes:
        file: path in the repository.
        line, column: from 1, of the value; of what encloses it where it is missing.
        rule: a key of `RULES`.
        field: the path to the value, such as spec.topology.workers.machinePools[0].replicas.
        value: what stands there, shortened; empty where nothing does.
        message: what is wrong.
        mend: what to write instead.
    """

    file: str
    line: int
    column: int
    rule: str
    field: str
    value: str
    message: str
    mend: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        value = f"{self.value}: " if self.value else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{value}{self.message} [{self.rule}]\n    {self.mend}"


def dotted(path: Path) -> str:
    """A path as people write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if "." not in part else f"[{part!r}]"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """A value on one line, no longer than people read."""
    text = "" if value is None or isinstance(value, dict | list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
