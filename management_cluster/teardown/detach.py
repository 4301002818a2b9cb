"""Lets go of the fleet: nothing here writes to Azure any more, and Git says what a successor has to adopt."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from external.command import ExternalError
from fleet.git_remote import Remote
from fleet.status.azure_service_operator import RESOURCE_ID
from management_cluster.teardown.drain import suspend
from management_cluster.teardown.fleet_objects import RECONCILE_POLICY, FleetObjects, Item

BRANCH: Final = "detached"
"""Of the fleet repository: one file for each management cluster that let go of its fleet."""

KEEP: Final = ("skip", "detach-on-delete")
"""Policies of Azure Service Operator by which the end of an object reaches Azure never."""

PATIENCE: Final = 300.0
PAUSE: Final = 3.0


def detach(fleet: FleetObjects, remote: Remote, name: str, say: Callable[[str], None]) -> list[str]:
    """Pause everything, so that no object's end reaches Azure, and record the fleet on the branch `detached`.

    Args:
        name: of the management cluster; the file is called so.
        say: is told what is awaited.

    Returns:
        The clusters that were let go, one line each.

    Raises:
        ExternalError: the record cannot be written, or something could not be paused; then nothing was deleted.
    """
    _record(remote, name, _contents(fleet))
    suspend(fleet)
    for cluster in fleet.clusters():
        fleet.merge(cluster, {"spec": {"paused": True}})
    deadline = time.monotonic() + PATIENCE
    while writing := [item for item in fleet.azure() if item.annotations.get(RECONCILE_POLICY) not in KEEP]:
        for item in writing:
            if not item.of_a_cluster:
                fleet.annotate(item, {RECONCILE_POLICY: "skip"})
        lines = ", ".join(item.words for item in writing)
        if time.monotonic() > deadline:
            raise ExternalError(f"these are not paused, so that their deletion could reach Azure: {lines}")
        say(f"detaching the fleet, waiting until these are paused: {lines}")
        time.sleep(PAUSE)
    return [item.words for item in fleet.clusters()]


def _contents(fleet: FleetObjects) -> dict[str, Any]:
    """What runs in Azure, and the Clusters as they were asked for: those that are not in Git exist nowhere else."""
    return {
        "clusters": [_manifest(item) for item in fleet.clusters()],
        "azure": sorted(item.annotations[RESOURCE_ID] for item in fleet.azure() if RESOURCE_ID in item.annotations),
    }


def _manifest(cluster: Item) -> dict[str, Any]:
    kept = {key: value for key, value in cluster.metadata.items() if key in ("name", "namespace", "labels")}
    return {
        "apiVersion": cluster.content["apiVersion"],
        "kind": "Cluster",
        "metadata": kept,
        "spec": {"topology": cluster.content["spec"].get("topology")},
    }


def _record(remote: Remote, name: str, contents: dict[str, Any]) -> None:
    with remote.open() as clone, tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        parent = clone.heads().get(BRANCH)
        if parent:
            clone.fetch(BRANCH)
            clone.git("--work-tree", folder, "checkout", BRANCH, "--", ".")
        file = Path(folder) / f"{name}.yaml"
        file.write_text(yaml.safe_dump(contents, sort_keys=False))
        files = [path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()]
        tree = clone.write_tree(Path(folder), files)
        message = (
            f"Detach the fleet of {name}\n\nIts clusters run on in Azure; the next management cluster adopts them.\n"
        )
        clone.push(clone.commit_tree(tree, message, parent), [BRANCH])
