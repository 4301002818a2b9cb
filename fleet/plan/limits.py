"""How many clusters and cores an environment may have: by its settings.yaml, and for what would be beyond that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fleet.plan.azure import Fleet
from fleet.plan.changes import cores
from fleet.plan.refusal import Refusal

LIMIT: Final = "max_clusters"
"""Key of settings.yaml: how many clusters an environment may have."""

QUOTA: Final = "core_quota_"
"""Prefix of keys of settings.yaml, before a region: the cores that the environment's clusters may have there."""


def find(before: Fleet, after: Fleet) -> Iterator[Refusal]:
    """What a merge would bring beyond the limits; what is beyond them already is nobody's fault."""
    yield from _limits(before, after)
    yield from _quotas(before, after)


def _limits(before: Fleet, after: Fleet) -> Iterator[Refusal]:
    for environment, files in after.values.items():
        limit = files["settings"].get(LIMIT, "")
        count = sum(each.environment == environment for each in after.clusters.values())
        known = sum(each.environment == environment for each in before.clusters.values())
        if limit.isdecimal() and count > int(limit) and count > known:
            yield Refusal(
                "too-many-clusters",
                f"{environment} would have {count} clusters, and may have {limit}",
                f"delete one first, or agree on a larger {LIMIT} in environments/{environment}/settings.yaml",
            )


def _quotas(before: Fleet, after: Fleet) -> Iterator[Refusal]:
    for environment, region, used, quota in quotas(after):
        known = _used(before, environment, region)
        if used > quota and used > known:
            yield Refusal(
                "quota",
                f"{environment} would have {used} cores in {region}, and may have {quota}",
                f"ask Azure for more, then raise {QUOTA}{region} in environments/{environment}/settings.yaml",
                "https://learn.microsoft.com/azure/quotas/per-vm-quota-requests",
            )


def quotas(fleet: Fleet) -> Iterator[tuple[str, str, int, int]]:
    """Environment, region, cores that its clusters have there, and cores that they may have."""
    for environment, files in fleet.values.items():
        for key, quota in files["settings"].items():
            if key.startswith(QUOTA) and quota.isdecimal():
                region = key.removeprefix(QUOTA)
                yield environment, region, _used(fleet, environment, region), int(quota)


def _used(fleet: Fleet, environment: str, region: str) -> int:
    return sum(
        cores(each) for each in fleet.clusters.values() if (each.environment, each.region) == (environment, region)
    )
