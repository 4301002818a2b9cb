"""The planned way: `clusterctl move` takes the fleet's objects from one management cluster to the next."""

from __future__ import annotations

import time
from pathlib import Path

from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import MANAGEMENT, Local
from tests.faults.management import changed
from tests.faults.runbook import blocks
from tests.faults.settled import ready

MINUTES = 60.0


def test_what_is_moved_sends_nothing_new_to_azure(fleet: Local, tmp_path: Path) -> None:
    """Out to files and in again, here into the same cluster: what a successor would get is what left."""
    began = time.time()
    out, into = blocks("disaster-recovery.md", "Moving on purpose")
    fleet.run("bash", "-ec", f"cd {tmp_path}\n{out}", timeout=10 * MINUTES)
    assert fleet.get(MANAGEMENT, "clusters", "-n", CLUSTERS)["items"] == []
    fleet.run("bash", "-ec", f"cd {tmp_path}\n{into}", timeout=10 * MINUTES)
    ready(fleet)
    assert changed(fleet, began) == []
