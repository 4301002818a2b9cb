"""The workflows are what GitHub expects, expressions and shell included."""

from __future__ import annotations

from local_azure.command import run
from local_azure.toolchain import Toolchain
from tests.program.project import CHECKOUT


def test_actionlint_has_nothing_to_say(tools: Toolchain) -> None:
    files = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
    assert files
    assert run([tools.bin / "actionlint", *files]) == ""
