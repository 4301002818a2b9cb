"""Signatures are wanted: what nobody signed is not applied, and a setting that would block everything is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from local_azure import first_cluster
from local_azure.command import CommandFailed, run
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually
from tests.faults.test_2_program import MINUTES, UP
from tests.faults.test_3_git import revision, source


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private SSH key; the public one is in the folder `signers`."""
    private = tmp_path / "jane"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", private])
    (tmp_path / "signers").mkdir()
    (tmp_path / "signers" / "jane.sshpub").write_text(private.with_suffix(".pub").read_text())
    return private


@pytest.fixture
def verifying(tmp_path: Path) -> list[str]:
    """`pulumi up` of a stack that wants signatures."""
    stack = tmp_path / "Pulumi.local.yaml"
    setting = f"config:\n  slipway:gitSigners: {tmp_path / 'signers'}\n"
    stack.write_text((CHECKOUT / stack.name).read_text().replace("config:\n", setting))
    return [*UP, "--config-file", str(stack)]


@pytest.mark.fault(22)
def test_what_nobody_signed_is_not_applied_and_verification_starts_from_a_signed_commit(
    fleet: Local, key: Path, verifying: list[str]
) -> None:
    with pytest.raises(CommandFailed) as failed:
        fleet.run(*verifying, timeout=5 * MINUTES)
    assert "is not signed by jane.sshpub: Flux would read nothing any more" in failed.value.output
    assert "verify" not in fleet.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")["spec"]

    try:
        first = signed(fleet, key)
        fleet.run(*verifying, timeout=5 * MINUTES)
        assert fleet.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")["spec"]["verify"]["mode"] == "HEAD"
        eventually(lambda: source(fleet) == "True" and revision(fleet).endswith(first), 120, "the signed commit")

        fleet.commit("Nobody signs this", lambda checkout: _note(checkout / "note"))
        eventually(lambda: source(fleet) == "False", 180, "the source refusing it")
        assert "signature verification of commit" in fleet.status()
        assert revision(fleet).endswith(first)

        second = signed(fleet, key)
        eventually(lambda: source(fleet) == "True" and revision(fleet).endswith(second), 180, "the next signed commit")
    finally:
        fleet.run(*UP, timeout=5 * MINUTES)
    assert fleet.get(MANAGEMENT, "secret", "fleet-signers", "-n", "flux-system") is None


def signed(local: Local, key: Path) -> str:
    """An empty commit on main with a signature; returns its id."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        signing = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"]
        commit = ["commit", "--quiet", "--allow-empty", "--gpg-sign", "--message", "Signed"]
        first_cluster.git(local.env, "-C", checkout, *signing, *commit)
        first_cluster.git(local.env, "-C", checkout, "push", "--quiet", "origin", "HEAD:main")
        return first_cluster.git(local.env, "-C", checkout, "rev-parse", "HEAD").strip()


def _note(file: Path) -> None:
    file.write_text("unsigned\n")
