"""The cluster `second`, as people add one and delete it again by two merges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import MANAGEMENT, Local, eventually

SECOND = "second"

add = partial(merges.add, name=SECOND)
approve = partial(merges.approve, name=SECOND)
remove = partial(merges.remove, name=SECOND)


def merge(local: Local, what: str, edit: Callable[[Path], object]) -> None:
    """Commit a change about `second`, and wait until the environment is applied."""
    local.commit(f"{what} {SECOND}", edit)
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")


def delete(local: Local) -> None:
    """Both merges, until it is gone; from whatever an earlier step left."""
    merge(local, "Approve", lambda fleet: (add(fleet), approve(fleet)))
    eventually(lambda: "kustomize.toolkit.fluxcd.io/prune" not in str(cluster(local)), 60, "the approval")
    merge(local, "Remove", remove)
    eventually(lambda: cluster(local) is None, 600, f"the end of {SECOND}")


def cluster(local: Local) -> Any:
    """Its object; None where there is none."""
    return local.get(MANAGEMENT, "cluster", SECOND, "-n", CLUSTERS)
