"""A copy of the fleet's objects, made and brought back by `clusterctl move`: for clusters that Git alone does not give.

No machine boots in the local Azure, so that no self-managed cluster is ever whole enough to be copied: here it is one
of AKS.
"""

from __future__ import annotations

import time
from pathlib import Path

from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local
from tests.faults.management import changed
from tests.faults.runbook import blocks
from tests.faults.settled import ready

MINUTES = 60.0


def test_a_copy_disturbs_nothing_and_neither_does_bringing_it_back(fleet: Local, tmp_path: Path) -> None:
    began, uid = time.time(), fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"]
    copy, back = blocks("disaster-recovery.md", "Self-managed clusters")
    fleet.run("bash", "-ec", f"cd {tmp_path}\n{copy}", timeout=10 * MINUTES)
    assert {file.name.partition("_")[0] for file in (tmp_path / "copy").iterdir()} >= {
        "Cluster",
        "MachinePool",
        "Secret",
    }
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    ready(fleet)
    fleet.run("bash", "-ec", f"cd {tmp_path}\n{back}", timeout=10 * MINUTES)
    ready(fleet)
    assert changed(fleet, began) == []
    assert fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"] == uid
