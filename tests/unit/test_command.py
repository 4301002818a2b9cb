"""External commands: what they print comes back, what goes wrong is told in a few lines, secrets leave no trace."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from external import command
from external.command import CommandFailed, ExternalError, require, run, secret_file


def test_standard_output_comes_back() -> None:
    assert run(["sh", "-c", "cat; echo $WORD; echo aside >&2"], stdin=b"in ", env={"WORD": "out"}) == "in out\n"


def test_a_failure_tells_the_command_its_code_and_its_last_words() -> None:
    with pytest.raises(CommandFailed) as raised:
        run(["sh", "-c", "seq 100 >&2; exit 3"])
    lines = str(raised.value).splitlines()
    assert lines[0] == "`sh -c seq 100 >&2; exit 3` ended with code 3:"
    assert len(lines) == 1 + command.SHOWN_LINES
    assert lines[-1].strip() == "100"


def test_a_command_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(CommandFailed, match=r"was stopped after 0 s"):
        run(["sleep", "30"], timeout=0.2)
    assert time.monotonic() - started < 10


def test_waiting_is_told_while_the_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "POLL_SECONDS", 0.05)
    told: list[float] = []
    assert run(["sh", "-c", "echo a; sleep 0.3; echo b"], waiting=told.append) == "a\nb\n"
    assert told == sorted(told)
    assert told


def test_a_missing_command_says_where_to_get_it() -> None:
    with pytest.raises(ExternalError, match="`no-such-tool` is not on the PATH: install it from https://example"):
        require("no-such-tool", "https://example.com")
    with pytest.raises(CommandFailed, match="there is no such command"):
        run(["no-such-tool"])


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_secret_file_is_read_by_commands_and_goes_away(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with secret_file("secret", "kubeconfig") as path:
        assert run(["cat", str(path)]) == run(["cat", str(path)]) == "secret"
        folder = path.parent
        assert folder.stat().st_mode & 0o077 == 0
    assert not path.exists()


def test_a_secret_file_is_gone_when_the_process_is_killed() -> None:
    program = "import os, time; from external.command import secret_file\n"
    program += "with secret_file('secret', 'k') as path: print(path, flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        path = Path(process.stdout.readline().strip())
        assert path.read_text() == "secret"
        process.kill()
    assert not path.exists()
