"""The workflows, the seeded ones too, are what GitHub expects, expressions and shell included."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet import seed
from local_azure.command import run
from local_azure.toolchain import Toolchain
from tests.program.project import CHECKOUT


@pytest.mark.parametrize("repository", [CHECKOUT, seed.ROOT], ids=["of-the-program", "of-the-fleet"])
def test_actionlint_has_nothing_to_say(tools: Toolchain, repository: Path) -> None:
    files = sorted((repository / ".github" / "workflows").glob("*.y*ml"))
    assert files
    assert run([tools.bin / "actionlint", *files]) == ""
