"""Whether a fleet has come to rest after a fault, by the practice of Cluster API's own end-to-end tests.

https://github.com/kubernetes-sigs/cluster-api/tree/main/test/framework: ValidateOwnerReferencesOnUpdate and
ValidateResourceVersionStable.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.command import CommandFailed
from management_cluster.hand_off import CLUSTERS
from management_cluster.teardown.fleet_objects import AZURE
from tests.e2e.local import MANAGEMENT, Local, eventually

STILL = 60.0
"""Seconds in which no resourceVersion may change."""

WITHIN = 600.0
GROUPS = ("cluster.x-k8s.io", AZURE)
"""How the API groups of Cluster API, its providers and Azure Service Operator end."""

GENERATED = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""What Kubernetes puts behind a name that is to be unique; another one after a rebuild."""

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
        _lasting(_name(each)): frozenset(
            _lasting(f"{owner['kind']}/{owner['name']}") for owner in each["metadata"].get("ownerReferences", [])
        )
        for each in found
    }


def comes_to_rest(local: Local) -> Iterator[Owners]:
    """Gives who owns what now; taken up again, waits until all is ready, owned as before, and still for a minute."""
    before = owners(local)
    yield before
    ready(local)
    _still(local)
    assert owners(local) == before
    ready(local)


def converged(local: Local, before: Owners) -> None:
    """Wait until all clusters are ready; whoever was there before the fault has the same owners."""
    ready(local)
    now = owners(local)
    assert {name: now.get(name) for name in before} == before


def _still(local: Local) -> None:
    """Wait until nothing has moved for a minute."""
    deadline = time.monotonic() + WITHIN
    seen, since, moved = _states(local), time.monotonic(), ""
    while time.monotonic() - since < STILL:
        assert time.monotonic() < deadline, f"not still for {STILL:.0f} s within {WITHIN:.0f} s; moved last: {moved}"
        time.sleep(5)
        now = _states(local)
        if now != seen:
            moved = ", ".join(sorted({name for name, _ in set(now.items()) ^ set(seen.items())}))
            seen, since = now, time.monotonic()


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


def _states(local: Local) -> dict[str, str]:
    """What changes when an object does.

    Azure Service Operator writes its conditions anew whenever it has compared a resource with Azure, every
    `slipway:driftPeriod`; of its objects everything else has to be still.
    """
    states = {}
    for each in _objects(local):
        states[_name(each)] = each["metadata"].pop("resourceVersion")
        if each["apiVersion"].partition("/")[0].endswith(AZURE):
            each.get("status", {}).pop("conditions", None)
            states[_name(each)] = json.dumps(each)
    return states


def _objects(local: Local) -> list[dict[str, Any]]:
    kubectl = ("kubectl", "--context", MANAGEMENT)
    kinds = local.run(*kubectl, "api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    ours = ",".join(kind for kind in kinds if kind.endswith(GROUPS))
    text = local.run(*kubectl, "get", ours, "-n", CLUSTERS, "-o", "json", timeout=60)
    items: list[dict[str, Any]] = json.loads(text)["items"]
    return items


def _lasting(name: str) -> str:
    return GENERATED.sub("", name)


def _name(each: Mapping[str, Any]) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"
