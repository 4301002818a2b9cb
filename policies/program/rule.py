"""What a rule is: plain data and a pure function, which needs no running engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MANAGED_CLUSTER = "azure-native:containerservice:ManagedCluster"


@dataclass(frozen=True)
class Resource:
    """A resource as the program declares it.

    Attributes:
        kind: Pulumi's type token.
        urn: Pulumi's name of it, which has the kinds of its parents.
        properties: its inputs; reading one that is not known yet raises, and the engine says which rule had to wait.
    """

    kind: str
    urn: str
    properties: Mapping[str, Any]

    def at(self, path: str, default: Any = None) -> Any:
        """A property by its dotted path; `default` where it or what holds it is missing."""
        found: Any = self.properties
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                return default
            found = found[name]
        return default if found is None else found


@dataclass(frozen=True)
class Finding:
    """What is wrong with a resource, in words."""

    urn: str
    message: str


Check = Callable[[Sequence[Resource], Mapping[str, Any]], Iterator[Finding]]
"""From resources and the rule's configuration to what is wrong. A rule of one resource is given one at a time."""


@dataclass(frozen=True)
class Rule:
    """One policy.

    Attributes:
        id: what profiles and people call it by.
        says: what has to be so.
        reason: why.
        mend: how to make it so.
        source: where Azure, or this project, says so.
        of: type tokens it is about; empty for all. A rule of the whole stack gets all resources at once.
        settings: JSON schemas of its configuration, by property.
    """

    id: str
    says: str
    severity: Literal["medium", "high", "critical"]
    reason: str
    mend: str
    source: str
    check: Check
    of: tuple[str, ...] = ()
    whole_stack: bool = False
    settings: Mapping[str, Mapping[str, Any]] | None = None

    def findings(self, resources: Sequence[Resource], configuration: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with these resources."""
        about = [each for each in resources if not self.of or each.kind in self.of]
        if self.whole_stack:
            return list(self.check(about, configuration))
        return [finding for each in about for finding in self.check([each], configuration)]
