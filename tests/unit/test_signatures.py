"""Whose commits Flux takes: the newest one is checked before verification is switched on, by real signatures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from external.command import ExternalError
from fleet import signatures
from fleet.git_remote import Remote
from tests.unit.test_seed import git


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A repository with one commit that nobody signed."""
    git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "fleet.git")
    git("clone", "--quiet", tmp_path / "fleet.git", tmp_path / "team")
    push(tmp_path / "team")
    return tmp_path / "fleet.git"


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """A private key of SSH; the public one is beside it."""
    key = tmp_path / "jane"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return key


def push(folder: Path, *options: str) -> None:
    """A commit of the team."""
    git("-C", folder, *options, "commit", "--quiet", "--allow-empty", "--message", "By the team")
    git("-C", folder, "push", "--quiet", "origin", "HEAD:main")


def signed_by(key: Path) -> list[str]:
    """Options of git."""
    return ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "-c", "commit.gpgSign=true"]


def public(key: Path) -> dict[str, str]:
    """As in the folder of signers."""
    return {"jane.sshpub": key.with_suffix(".pub").read_text()}


def test_an_unsigned_commit_is_told_by_its_subject_and_author(bare: Path, ssh: Path) -> None:
    with pytest.raises(ExternalError, match=r"“By the team” by Team, the newest of main, is not signed"):
        signatures.check(Remote(bare.as_uri()), "main", public(ssh))


def test_a_commit_that_an_ssh_key_signed_passes_with_that_key_only(bare: Path, ssh: Path, tmp_path: Path) -> None:
    push(tmp_path / "team", *signed_by(ssh))
    signatures.check(Remote(bare.as_uri()), "main", public(ssh))
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    with pytest.raises(ExternalError, match="is not signed by"):
        signatures.check(Remote(bare.as_uri()), "main", public(other))


def test_a_commit_that_a_pgp_key_signed_passes(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    quick = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "team@example.com", "ed25519"]
    subprocess.run([*quick, "sign"], check=True, capture_output=True)
    push(tmp_path / "team", "-c", "user.signingKey=team@example.com", "-c", "commit.gpgSign=true")
    key = subprocess.run(["gpg", "--armor", "--export"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["gpgconf", "--kill", "all"], check=True)
    monkeypatch.delenv("GNUPGHOME")
    signatures.check(Remote(bare.as_uri()), "main", {"team.asc": key})


def test_a_repository_without_a_commit_is_told_to_wait(tmp_path: Path, ssh: Path) -> None:
    git("init", "--quiet", "--bare", tmp_path / "empty.git")
    with pytest.raises(ExternalError, match="leave slipway:gitSigners empty until a signed commit"):
        signatures.check(Remote((tmp_path / "empty.git").as_uri()), "main", public(ssh))
