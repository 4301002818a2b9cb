"""`pulumi destroy` drains the fleet, is killed on the way, and goes on: in the end Azure has nothing of it.

Last of all, since nothing is left then.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from local_azure.command import CommandFailed
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.e2e.test_4_destroy import ours_to_destroy, resources
from tests.faults.management import Management
from tests.faults.runbook import blocks
from tests.faults.test_2_program import start

__all__ = ["ours_to_destroy"]

MINUTES = 60.0
RUNBOOK = ("deletion.md", "Tear a management cluster down")
GROUPS = "Microsoft.Resources/resourceGroups"


@pytest.mark.fault(11)
def test_a_drain_that_was_killed_goes_on_until_azure_shows_nothing(
    local: Local, tmp_path: Path, ours_to_destroy: None
) -> None:
    began, before, name = time.time(), resources(local), Management(local).name
    local.fault("hang", method="DELETE", path=f"managedClusters/{FIRST}$", count=1, seconds=60)
    run = start(
        local, tmp_path / "log", "env", "SLIPWAY_TEARDOWN=drain", "pulumi", "destroy", "--yes", "--skip-preview"
    )
    eventually(lambda: local.requests(began, method="DELETE"), 300, "the first DELETE")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert resources(local) == before
    with pytest.raises(CommandFailed, match="the stack is currently locked"):
        local.run("pulumi", "destroy", "--yes", "--skip-preview", timeout=5 * MINUTES)
    local.run("pulumi", "cancel", "--yes")
    assert local.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["deletionTimestamp"]

    drain = blocks(*RUNBOOK)[0].replace("pulumi destroy", "pulumi destroy --yes --skip-preview")
    said = local.run("bash", "-ec", drain, timeout=15 * MINUTES)
    assert "The fleet is drained: Azure shows none of its resource groups" in said
    assert local.resources(GROUPS) == {}
    deleted = [each["path"].lower() for each in local.requests(began, method="DELETE")]
    of_the_fleet = next(index for index, path in enumerate(deleted) if path.endswith(f"/resourcegroups/{FIRST}"))
    assert of_the_fleet < next(index for index, path in enumerate(deleted) if path.endswith(f"/{name}".lower()))
