"""Prints one line per fault as soon as its last test has ended: number, name, outcome, seconds."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def rows() -> dict[int, tuple[str, str, str]]:
    """By number, from docs/faults.md: the fault, what is expected, and which tests cover it."""
    return {int(number): (fault, wanted, tests) for number, fault, wanted, tests in ROW.findall(PAGE.read_text())}


class OneLinePerFault:
    """A plugin of pytest; takes the place of the dots for tests that are marked with a fault."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._names = {number: fault for number, (fault, _, _) in rows().items()}
        self._waiting: dict[int, int] = defaultdict(int)
        self._seconds: dict[int, float] = defaultdict(float)
        self._outcome: dict[int, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for number in _numbers(item):
                self._waiting[number] += 1
                item.user_properties.append(("fault", number))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for number in [value for key, value in report.user_properties if key == "fault"]:
            assert isinstance(number, int)
            self._seconds[number] += report.duration
            if report.outcome != "passed" and self._outcome.get(number) != "failed":
                self._outcome[number] = report.outcome
            if report.when == "teardown":
                self._waiting[number] -= 1
                if not self._waiting[number]:
                    self._print(number)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        marked = any(key == "fault" for key, _ in report.user_properties)
        return ("passed", "", "") if marked and report.passed and report.when == "call" else None

    def _print(self, number: int) -> None:
        outcome, seconds = self._outcome.get(number, "passed"), self._seconds[number]
        self._terminal.ensure_newline()
        self._terminal.write_line(f"{number:>3}  {self._names[number]:<60.60}  {outcome:<8} {seconds:>5.0f} s")


def _numbers(item: pytest.Item) -> list[int]:
    return [number for mark in item.iter_markers("fault") for number in mark.args]
