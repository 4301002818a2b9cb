"""The commands of the runbooks can be taken out of their pages, the shell understands them, and a test runs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.runbook import DOCS, FENCE, commands, sections

PAGES = ("deletion.md", "disaster-recovery.md")
SECTIONS = [(page, section) for page in PAGES for section in sections(page)]
OF_SECRETS = [("how-to/secrets.md", section) for section in sections("how-to/secrets.md")]
TESTS = "".join(file.read_text() for file in Path(__file__).parents[1].rglob("test_*.py") if file != Path(__file__))


@pytest.mark.parametrize(
    ("page", "section", "command"),
    [
        ("disaster-recovery.md", "The management cluster is lost", "pulumi up --refresh --yes"),
        ("disaster-recovery.md", "Self-managed clusters", "clusterctl move --namespace clusters --from-directory copy"),
        ("disaster-recovery.md", "Pulumi's state is lost or corrupt", "SLIPWAY_ADOPT=1 pulumi up"),
        ("deletion.md", "Delete a cluster", "kubectl -n clusters wait --for=delete cluster/<name>"),
        ("deletion.md", "Tear a management cluster down", "SLIPWAY_TEARDOWN=drain pulumi destroy"),
        ("how-to/secrets.md", "Switch it on", "pulumi config set decryptionKeyId <id of the key>"),
        ("how-to/secrets.md", "Write one", "sops encrypt"),
        ("deletion.md", "Back from a drain or detach that stopped half-way", "flux resume kustomization --all"),
        ("deletion.md", "Locks", "pulumi config set slipway:protect false"),
    ],
)
def test_the_commands_are_there(page: str, section: str, command: str) -> None:
    assert command in commands(page, section)


@pytest.mark.parametrize(("page", "section"), SECTIONS + OF_SECRETS)
def test_the_shell_understands_them(page: str, section: str) -> None:
    text = re.sub(r"<[a-zA-Z ,:]+>", "first", commands(page, section))
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_a_test_runs_them(page: str, section: str) -> None:
    assert f'"{page}", "{section}"' in TESTS


@pytest.mark.parametrize("page", PAGES)
def test_no_commands_are_written_so_that_they_are_missed(page: str) -> None:
    """Markdown takes lines that are indented by four for code, too."""
    text = FENCE.sub("", (DOCS / page).read_text())
    assert re.findall(r"^(?: {4}|\t)\S.*", text, re.MULTILINE) == []
