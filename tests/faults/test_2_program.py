"""The program is interrupted, runs twice at once, or has lost its state."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from local_azure.command import CommandFailed
from local_azure.environment import PULUMI_STATE
from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually
from tests.faults.management import Management
from tests.faults.runbook import blocks

MINUTES = 60.0
LOCKS = PULUMI_STATE / ".pulumi" / "locks"
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")


def start(local: Local, log: Path, *command: str) -> subprocess.Popen[bytes]:
    """A run of Pulumi in the background, in a session of its own; returns when it holds the lock."""
    with log.open("wb") as output:
        env = {**os.environ, **local.env}
        run = subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=output, stderr=output, start_new_session=True)
    eventually(lambda: run.poll() is not None or locked(), 60, "the lock")
    return run


def locked() -> bool:
    """Whether some run of Pulumi holds the lock on the stack, or died with it."""
    return any(LOCKS.rglob("*.json"))


@pytest.mark.fault(13)
def test_a_killed_up_is_taken_up_by_the_next(fleet: Local, tmp_path: Path) -> None:
    """Objects of the cluster are missing, so that it has something to do when it is killed."""
    missing = ["configmap/runtime-info", "secret/fleet-git-values"]
    for seconds in (1, 4, 8):
        fleet.run("kubectl", "--context", MANAGEMENT, "delete", "-n", "flux-system", *missing)
        fleet.run("pulumi", "refresh", "--yes", "--skip-preview", timeout=5 * MINUTES)
        run = start(fleet, tmp_path / "log", *UP)
        time.sleep(seconds)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if locked():
            with pytest.raises(CommandFailed, match="the stack is currently locked"):
                fleet.run(*UP, timeout=5 * MINUTES)
            fleet.run("pulumi", "cancel", "--yes")
        fleet.run(*UP, timeout=5 * MINUTES)
        for each in missing:
            assert fleet.get(MANAGEMENT, each, "-n", "flux-system") is not None
    fleet.run("pulumi", "preview", "--expect-no-changes", timeout=5 * MINUTES)


@pytest.mark.fault(15)
def test_of_two_ups_at_once_one_says_that_it_is_locked(fleet: Local, tmp_path: Path) -> None:
    run = start(fleet, tmp_path / "log", *UP)
    with pytest.raises(CommandFailed) as failed:
        fleet.run(*UP, timeout=5 * MINUTES)
    assert "the stack is currently locked by 1 lock(s)" in failed.value.output
    assert "Traceback" not in failed.value.output
    assert run.wait(5 * MINUTES) == 0, (tmp_path / "log").read_text()


@pytest.mark.fault(14)
def test_a_corrupt_state_says_so_and_is_restored_from_its_backup(fleet: Local) -> None:
    uid, began = Management(fleet).uid(), time.time()
    good = fleet.run("pulumi", "stack", "export")
    (state,) = (PULUMI_STATE / ".pulumi" / "stacks").rglob("local.json")
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    with pytest.raises(CommandFailed) as failed:
        fleet.run(*UP, timeout=5 * MINUTES)
    assert "error:" in failed.value.output
    assert "Traceback" not in failed.value.output

    restore, _ = blocks("disaster-recovery.md", "Pulumi's state is lost or corrupt")
    restore = restore.replace("<folder of the backend>", str(PULUMI_STATE)).replace("<stack>", "local")
    fleet.run("bash", "-ec", restore)
    assert fleet.run("pulumi", "stack", "export") == good
    fleet.run("pulumi", "up", "--refresh", "--yes", "--skip-preview", timeout=10 * MINUTES)
    fleet.run("pulumi", "preview", "--expect-no-changes", timeout=5 * MINUTES)
    assert fleet.writes(began, client_id=OPERATOR_CLIENT_ID) == []
    assert Management(fleet).uid() == uid
