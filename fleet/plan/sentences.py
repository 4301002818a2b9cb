"""What happens to one cluster, in sentences; the same words for the same change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fleet.plan.azure import MANAGED_CLUSTER, Cluster, Resource
from fleet.plan.changes import Change, Kind, Property, cores
from fleet.plan.rules import Effect

_VERSIONS: Final = ("kubernetesVersion", "orchestratorVersion", "version")
_NODES: Final = ("count", "enableAutoScaling", "maxCount", "minCount")
"""Properties of a pool that say together how many nodes it has."""

_LABELS: Final = {"sku.tier": "tier", "availabilityZones": "zones", "vmSize": "size"}


def sentences(change: Change) -> Iterator[str]:
    """What happens to one cluster, the same words for the same change."""
    before, after = change.before, change.after
    if change.kind is Kind.LEFT:
        yield "nothing in Azure: it runs on, and its environment is not ready until it is back"
    elif change.kind in (Kind.CREATED, Kind.ADOPTED) and after:
        yield from _whole(after)
    elif change.kind is Kind.DELETED and before:
        yield f"with everything in its resource group: {_nodes(before)}; approved by {before.approval[0]}"
    elif change.kind is Kind.REPLACED and before and after:
        yield f"{before.name} is deleted ({_nodes(before)}), {after.name} created"
        yield from _whole(after)
    elif before and after:
        yield from _compared(change, before, after)


def _whole(cluster: Cluster) -> Iterator[str]:
    managed = next((each for each in cluster.resources.values() if each.kind == MANAGED_CLUSTER), None)
    tier = managed.properties.get("sku.tier") if managed else None
    facts = [cluster.class_name, f"Kubernetes {cluster.version.removeprefix('v')}", *([f"tier {tier}"] if tier else [])]
    yield ", ".join([*facts, cluster.region])
    yield from (f"pool {_pool(each)}" for each in cluster.pools)
    yield from _unknown(cluster)


def _compared(change: Change, before: Cluster, after: Cluster) -> Iterator[str]:
    if change.kind is Kind.APPROVED:
        until = after.approval[1] or "no time, so it does not count"
        yield f"by {after.approval[0]} until {until}; removing {after.directory} deletes it"
    if change.kind is Kind.MOVED:
        yield f"from {before.environment}"
    if before.class_name != after.class_name:
        same = not (change.properties or change.added or change.removed)
        yield f"class {before.class_name} → {after.class_name}" + (", the same in Azure" if same else "")
    if before.version != after.version:
        yield f"Kubernetes {before.version.removeprefix('v')} → {after.version.removeprefix('v')}"
    for resource in change.added:
        yield f"new pool {_pool(resource)}" if resource.is_pool else f"new {resource.path}"
    for resource in change.removed:
        yield (
            f"pool {resource.name} removed, {_count(resource)} nodes drained"
            if resource.is_pool
            else f"{resource.path} removed"
        )
    for resource in change.kept:
        yield f"pool {resource.name} is left out, but Azure keeps its {_count(resource)} nodes (refused)"
    for resource in change.approved:
        yield f"pool {resource.name} may be removed from now on"
    yield from _scaled(change, before)
    for each in change.properties:
        if each.resource.is_pool and each.name in _NODES:
            continue
        if each.name not in _VERSIONS or before.version == after.version:
            yield _property(each)
    if not (change.properties or change.added or change.removed or change.kept) and change.hydration:
        yield f"its agent and what it applies: {', '.join(change.hydration)}"
    yield from _unknown(after)


def _unknown(cluster: Cluster) -> Iterator[str]:
    if cluster.unknown:
        yield f"what it is in Azure cannot be told: {cluster.unknown}"


def _scaled(change: Change, before: Cluster) -> Iterator[str]:
    pools = {each.resource.path: each.resource for each in change.properties if each.name in _NODES}
    for path, pool in pools.items():
        if pool.is_pool:
            yield f"pool {pool.name} {_count(before.resources[path])} → {_count(pool)} nodes"


def _count(pool: Resource) -> str:
    """3, or 2 to 5 where Azure decides."""
    least = pool.properties.get("minCount") if pool.properties.get("enableAutoScaling") else None
    return str(pool.count) if least is None else f"{least} to {pool.count}"


def _property(each: Property) -> str:
    what = f"pool {each.resource.name} " if each.resource.is_pool else ""
    refused = " (refused)" if each.rule.effect is Effect.REFUSED else ""
    return f"{what}{_LABELS.get(each.name, each.name)} {_value(each.before)} → {_value(each.after)}{refused}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _pool(pool: Resource) -> str:
    zones = pool.properties.get("availabilityZones")
    return f"{pool.name}: {_count(pool)} × {pool.size or 'size unknown'}" + (
        f", zones {_value(zones)}" if zones else ""
    )


def _nodes(cluster: Cluster) -> str:
    count = sum(pool.count for pool in cluster.pools)
    return f"{count} {'node' if count == 1 else 'nodes'}, {cores(cluster)} cores"
