"""Whether a fleet has come to rest after a fault, by the practice of Cluster API's own end-to-end tests.

https://github.com/kubernetes-sigs/cluster-api/tree/main/test/framework: ValidateOwnerReferencesOnUpdate and
ValidateResourceVersionStable.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from local_azure.command import CommandFailed
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import MANAGEMENT, Local, eventually

STILL = 60.0
"""Seconds in which no resourceVersion may change."""

WITHIN = 600.0
KINDS = "cluster-api,azure"
"""Categories: every kind of Cluster API and its providers, and of Azure Service Operator."""

Owners = Mapping[str, frozenset[str]]


def owners(local: Local) -> Owners:
    """What owns each object of the fleet, by "Kind/name".

    Raises:
        AssertionError: an owner is not there any more.
    """
    found = _objects(local)
    known = {each["metadata"]["uid"] for each in found}
    for each in found:
        gone = [owner for owner in each["metadata"].get("ownerReferences", []) if owner["uid"] not in known]
        assert not gone, f"{_name(each)} is owned by what is not there: {gone}"
    return {
        _name(each): frozenset(f"{o['kind']}/{o['name']}" for o in each["metadata"].get("ownerReferences", []))
        for each in found
    }


def settle(local: Local, before: Owners) -> None:
    """Wait until all clusters are ready again and nothing moves; owners are as they were before the fault."""
    ready(local)
    deadline = time.monotonic() + WITHIN
    seen, since, moved = _versions(local), time.monotonic(), ""
    while time.monotonic() - since < STILL:
        assert time.monotonic() < deadline, f"not still for {STILL:.0f} s within {WITHIN:.0f} s; moved last: {moved}"
        time.sleep(5)
        now = _versions(local)
        if now != seen:
            moved = ", ".join(sorted({name for name, _ in set(now.items()) ^ set(seen.items())}))
            seen, since = now, time.monotonic()
    assert owners(local) == before
    ready(local)


def ready(local: Local) -> None:
    """Wait until `python -m fleet status` says that all is ready."""
    said = ""

    def check() -> bool:
        nonlocal said
        try:
            said = local.run("python", "-m", "fleet", "status", "--context", MANAGEMENT)
        except CommandFailed as failed:
            said = failed.output
            return False
        return True

    try:
        eventually(check, WITHIN, "a fleet that is ready")
    except AssertionError as late:
        raise AssertionError(f"{late}\n{said}") from None


def _versions(local: Local) -> dict[str, str]:
    return {_name(each): each["metadata"]["resourceVersion"] for each in _objects(local)}


def _objects(local: Local) -> list[dict[str, Any]]:
    text = local.run("kubectl", "--context", MANAGEMENT, "get", KINDS, "-n", CLUSTERS, "-o", "json", timeout=60)
    items: list[dict[str, Any]] = json.loads(text)["items"]
    return items


def _name(each: Mapping[str, Any]) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"
