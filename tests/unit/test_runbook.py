"""The commands of the runbooks can be taken out of their pages, and the shell understands them."""

from __future__ import annotations

import subprocess

import pytest

from tests.faults.runbook import commands


@pytest.mark.parametrize(("page", "section"), [("disaster-recovery.md", "The management cluster is lost")])
def test_the_commands_are_there_and_well_formed(page: str, section: str) -> None:
    text = commands(page, section)
    assert "pulumi up --refresh --yes" in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
