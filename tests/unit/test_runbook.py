"""The commands of the runbooks can be taken out of their pages, and the shell understands them."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.faults.runbook import commands


@pytest.mark.parametrize(
    ("page", "section", "command"),
    [
        ("disaster-recovery.md", "The management cluster is lost", "pulumi up --refresh --yes"),
        ("disaster-recovery.md", "Self-managed clusters", "clusterctl move --namespace clusters --from-directory copy"),
        ("deletion.md", "Delete a cluster", "kubectl -n clusters wait --for=delete cluster/<name>"),
        ("deletion.md", "Tear a management cluster down", "SLIPWAY_TEARDOWN=drain pulumi destroy"),
        ("how-to/secrets.md", "Switch it on", "pulumi config set decryptionKeyId <id of the key>"),
        ("how-to/secrets.md", "Write one", "sops encrypt"),
        ("deletion.md", "Back from a drain or detach that stopped half-way", "flux resume kustomization --all"),
    ],
)
def test_the_commands_are_there_and_well_formed(page: str, section: str, command: str) -> None:
    text = commands(page, section)
    assert command in text
    subprocess.run(["bash", "-n"], input=re.sub("<[a-z ]+>", "first", text), text=True, check=True)
