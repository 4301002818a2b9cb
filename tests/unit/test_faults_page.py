"""docs/faults.md tells the truth: a row for every fault, which names tests that exist or says that there is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.faults.reporting import rows

CHECKOUT = Path(__file__).parents[2]
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_fault_has_a_row() -> None:
    assert list(rows()) == list(range(1, 31))


def test_every_row_names_tests_that_exist_or_says_that_there_is_none() -> None:
    for number, (_, _, covered) in rows().items():
        named = TEST.findall(covered)
        assert named or "not covered yet" in covered, f"fault {number}"
        for file, function in named:
            assert (CHECKOUT / file).is_file(), f"fault {number}: {file}"
            assert not function or function in _functions(CHECKOUT / file), f"fault {number}: {file}::{function}"


def test_every_test_of_a_fault_is_in_its_row() -> None:
    for file in (CHECKOUT / "tests" / "faults").glob("test_*.py"):
        for function, numbers in _functions(file).items():
            for number in numbers:
                assert f"{file.name}::{function}`" in rows()[number][2], f"fault {number}: {function}"


def _functions(file: Path) -> dict[str, list[int]]:
    """The functions of a file, and which faults each is marked with."""
    found = {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            marks = [each for each in node.decorator_list if ast.unparse(each).startswith("pytest.mark.fault(")]
            found[node.name] = [
                ast.literal_eval(arg) for mark in marks if isinstance(mark, ast.Call) for arg in mark.args
            ]
    return found
