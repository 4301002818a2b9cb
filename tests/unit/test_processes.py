"""Processes outlive whoever started them and are always found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from json import dumps
from pathlib import Path

import pytest

from local_azure.errors import LocalAzureError
from local_azure.machine import processes

SLEEP = ["sleep", "300"]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(processes, "RECORDS", tmp_path / "processes")
    monkeypatch.setattr(processes, "LOGS", tmp_path / "log")
    yield tmp_path
    for name in processes.names():
        processes.stop(name, grace=0)


def soon(check: Callable[[], object]) -> bool:
    """Whether `check` comes true within some seconds."""
    deadline = time.monotonic() + 5
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def pid(name: str) -> int:
    """The pid recorded under a name."""
    process = processes.recorded(name)
    assert process is not None
    return process.pid


def test_starting_twice_starts_once() -> None:
    processes.start("a", SLEEP)
    first = pid("a")
    processes.start("a", SLEEP)
    assert pid("a") == first


def test_another_command_replaces_the_running_one() -> None:
    processes.start("a", SLEEP)
    first = pid("a")
    processes.start("a", ["sleep", "301"])
    assert pid("a") != first
    assert processes.alive("a")


def test_a_process_that_died_is_started_again() -> None:
    processes.start("a", SLEEP)
    os.kill(pid("a"), signal.SIGKILL)
    assert soon(lambda: not processes.alive("a"))
    processes.start("a", SLEEP)
    assert processes.alive("a")


def test_a_process_outlives_its_parent(folders: Path) -> None:
    code = (
        "import os, signal, pathlib; from local_azure.machine import processes\n"
        f"processes.RECORDS, processes.LOGS = pathlib.Path({str(folders / 'processes')!r}), pathlib.Path('/tmp')\n"
        f"processes.start('a', {SLEEP!r}, log=pathlib.Path({str(folders / 'a.log')!r}))\n"
        "os.killpg(os.getpgrp(), signal.SIGKILL)\n"
    )
    checkout = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=False, start_new_session=True, cwd=checkout)
    assert processes.alive("a")


def test_a_program_never_starts_when_its_parent_dies_before_it_is_written_down(folders: Path) -> None:
    code = (
        "import os, signal, pathlib; from local_azure.machine import processes\n"
        f"processes.RECORDS, processes.LOGS = [pathlib.Path({str(folders)!r})] * 2\n"
        "processes._write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"processes.start('a', ['touch', {str(folders / 'ran')!r}])\n"
    )
    checkout = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=False, cwd=checkout)
    time.sleep(0.3)
    assert not (folders / "ran").exists()


def test_a_process_that_ignores_being_asked_is_killed() -> None:
    processes.start("a", ["sh", "-c", "trap '' TERM; echo ready; while true; do sleep 1; done"])
    assert soon(lambda: processes.last_line("a") == "ready")
    assert processes.stop("a", grace=0.2)
    assert processes.recorded("a") is None


def test_stopping_spares_a_stranger_who_was_given_the_same_pid(folders: Path) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        processes.start("a", SLEEP)
        ours = processes.recorded("a")
        assert ours is not None
        processes.stop("a", grace=0)
        stale = {**asdict(ours), "pid": stranger.pid, "started": 1}
        (folders / "processes" / "a.json").write_text(dumps(stale))
        assert not processes.stop("a", grace=0)
        assert stranger.poll() is None
        stranger.kill()


def test_the_environment_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of-the-caller")
    processes.start("a", ["env"], env={"GIVEN": "1"})
    assert soon(lambda: "GIVEN=1" in processes.log_file("a").read_text())
    assert "of-the-caller" not in processes.log_file("a").read_text()


def test_a_missing_program_is_an_error_at_once() -> None:
    with pytest.raises(LocalAzureError, match="no program /nowhere/etcd"):
        processes.start("a", ["/nowhere/etcd"])
