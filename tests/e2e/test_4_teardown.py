"""`make local-down` leaves the machine as it was, also after a start that was killed half-way."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from local_azure.instance import BRIDGE, RUN, STATE
from local_azure.machine import network
from tests.e2e.local import CHECKOUT, Local, make


def remains() -> list[str]:
    """What of a local Azure is on this machine: each entry names one thing."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    mounts = Path("/proc/self/mounts").read_text()
    found = [str(path) for path in (STATE, RUN) if path.exists()]
    found += [f"link {BRIDGE}"] if BRIDGE in links else []
    found += [f"network namespace {name}" for name in network.namespaces()]
    found += [f"mount {line.split()[1]}" for line in mounts.splitlines() if "slipway" in line]
    found += [f"process {pid.name}: {words[:80]}" for pid, words in _processes() if str(STATE) in words]
    found += [f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob("**/slipway*")]
    return found


def _processes() -> list[tuple[Path, str]]:
    commands = []
    for pid in Path("/proc").glob("[0-9]*"):
        try:
            commands.append((pid, (pid / "cmdline").read_text().replace("\0", " ")))
        except OSError:
            continue  # it ended meanwhile
    return commands


@pytest.fixture
def ours_to_remove(ran_before: bool) -> None:
    """Skips, and says so, where the local Azure was there before the tests: it is the user's."""
    if ran_before:
        pytest.skip("a local Azure was running before the tests; `make local-down` first to test the teardown")


def test_nothing_remains_after_local_down(local: Local, ours_to_remove: None) -> None:
    assert remains()
    make("local-down")
    assert remains() == []


@pytest.mark.parametrize("seconds", [2, 12, 30])
def test_nothing_remains_of_a_start_that_was_killed(seconds: int, ours_to_remove: None) -> None:
    start_and_kill(seconds)
    make("local-down")
    assert remains() == []


def test_a_start_that_was_killed_goes_on(ours_to_remove: None) -> None:
    """After 45 seconds the providers are being installed, and nothing was recorded of it yet."""
    start_and_kill(45)
    try:
        assert "kube-state-metrics" in make("local")
    finally:
        make("local-down")


def start_and_kill(seconds: int) -> None:
    """`make local`, and after some seconds kill -9 to make and all that came of it in its session."""
    with subprocess.Popen(
        ["make", "local"], cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as start:
        time.sleep(seconds)
        subprocess.run(["pkill", "-KILL", "-s", str(start.pid)], check=True)
