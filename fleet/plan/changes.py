"""What becomes of each cluster between two sides of a fleet, and which requests that sends to Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fleet.plan import rules, sizes
from fleet.plan.azure import Cluster, Resource
from fleet.plan.rules import Effect, Rule


class Kind(StrEnum):
    """What happens to a cluster; the word is what people read."""

    CREATED = "created"
    ADOPTED = "adopted"
    CHANGED = "changed"
    REPLACED = "replaced"
    MOVED = "moved"
    APPROVED = "approved for deletion"
    WITHDRAWN = "approval withdrawn"
    DELETED = "deleted"
    LEFT = "removed, but kept"


@dataclass(frozen=True)
class Property:
    """One property of one resource; None where it has no value."""

    resource: Resource
    name: str
    before: Any
    after: Any

    @property
    def rule(self) -> Rule:
        """What Azure does with the change."""
        return rules.of(self.resource.kind, self.name)


@dataclass(frozen=True)
class Write:
    """A request that Azure gets.

    Attributes:
        method: PUT or DELETE.
        path: the resource's.
        sets: properties that differ from before.
    """

    method: str
    path: str
    sets: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One cluster that is not as before.

    Attributes:
        before, after: None where it is not there.
        properties: that differ, of resources on both sides.
        added, removed: resources on one side only.
        kept: those that are asked for no longer, and that Azure keeps, since their removal was not approved.
        approved: those that may be removed from now on.
        hydration: objects beside the cluster that differ.
    """

    kind: Kind
    before: Cluster | None
    after: Cluster | None
    properties: tuple[Property, ...] = ()
    added: tuple[Resource, ...] = ()
    removed: tuple[Resource, ...] = ()
    hydration: tuple[str, ...] = ()
    kept: tuple[Resource, ...] = ()
    approved: tuple[Resource, ...] = ()

    @property
    def cluster(self) -> Cluster:
        """The cluster as it will be, or as it was."""
        found = self.after or self.before
        assert found
        return found

    @property
    def effect(self) -> Effect:
        """The hardest of its effects."""
        if self.kind in (Kind.DELETED, Kind.REPLACED):
            return Effect.DISRUPTIVE
        if self.kind is Kind.LEFT or self.kept:
            return Effect.REFUSED
        found = {each.rule.effect for each in self.properties}
        if any(each.is_pool for each in self.removed) or any(
            each.name in ("count", "maxCount") and each.resource.count < (each.before or 0) for each in self.properties
        ):
            found.add(Effect.DISRUPTIVE)
        return max(found, key=list(Effect).index, default=Effect.IN_PLACE)

    @property
    def nodes(self) -> int:
        """Nodes more than before."""
        return nodes(self._living) + sum(pool.count for pool in self.kept) - nodes(self.before)

    @property
    def cores(self) -> int:
        """Cores more than before, of sizes that are known."""
        return cores(self._living) + sum(map(_cores, self.kept)) - cores(self.before)

    @property
    def _living(self) -> Cluster | None:
        return self.before if self.kind is Kind.LEFT else self.after

    @property
    def writes(self) -> tuple[Write, ...]:
        """What Azure is asked, once this is merged and everything goes well."""
        return tuple(self._writes())

    def _writes(self) -> Iterator[Write]:
        puts: dict[str, dict[str, Any]] = {}
        for resource in self.added:
            prefix = f"{resource.name}." if resource.inside else ""
            sets = {f"{prefix}{name}": value for name, value in resource.properties.items()}
            puts.setdefault(resource.inside or resource.path, {}).update(sets)
        for each in self.properties:
            prefix = f"{each.resource.name}." if each.resource.inside else ""
            puts.setdefault(each.resource.inside or each.resource.path, {})[f"{prefix}{each.name}"] = each.after
        gone = {each.path for each in self.removed}
        for resource in self.removed:
            if resource.inside and resource.inside not in gone:
                puts.setdefault(resource.inside, {})[resource.name] = None
        for path, sets in puts.items():
            yield Write("PUT", path, sets)
        for resource in self.removed:
            if not resource.inside:
                yield Write("DELETE", resource.path, {})


def nodes(cluster: Cluster | None) -> int:
    """How many a cluster has."""
    return sum(pool.count for pool in cluster.pools) if cluster else 0


def cores(cluster: Cluster | None) -> int:
    """How many its nodes have, those of unknown sizes left out."""
    return sum(map(_cores, cluster.pools)) if cluster else 0


def _cores(pool: Resource) -> int:
    return pool.count * (sizes.cores(pool.size) or 0)
