"""Whose commits Flux takes from the fleet repository, and the check before that is switched on.

https://fluxcd.io/flux/components/source/gitrepositories/#verification
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from external.command import CommandFailed, ExternalError, require, run
from fleet.git_remote import Remote

PGP: Final = ".asc"
SSH: Final = ".sshpub"
"""How Flux tells the kinds of public keys apart, by the names of the files."""


def check(remote: Remote, branch: str, keys: Mapping[str, str]) -> None:
    """See that what Flux reads now is signed, so that it will not stop at it.

    Args:
        keys: public keys, text by name of file.

    Raises:
        ExternalError: the newest commit of the branch has no signature by one of the keys, or there is no commit yet.
    """
    with remote.open() as clone:
        if branch not in clone.heads():
            raise ExternalError(
                f"{branch} of {remote.url} does not exist, and its first commit, by this program, will not be signed: "
                "leave slipway:gitSigners empty until a signed commit of yours is there"
            )
        clone.fetch(branch)
        newest = clone.git("log", "-1", "--format=%h “%s” by %an", branch).strip()
        with tempfile.TemporaryDirectory(prefix="slipway-signers-") as folder:
            known, environment = _known(Path(folder), keys)
            try:
                clone.git(*known, "verify-commit", branch, env=environment)
            except CommandFailed:
                raise ExternalError(
                    f"commit {newest}, the newest of {branch}, is not signed by {' or '.join(sorted(keys))}: "
                    "Flux would read nothing any more. Merge a commit that is, or add the key of who signed it"
                ) from None


def _known(folder: Path, keys: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """What makes git know these keys and no others: its options, and its environment."""
    environment = {"GNUPGHOME": str(folder)}
    for name, text in keys.items():
        if name.endswith(PGP):
            require("gpg", "https://gnupg.org/download")
            run(["gpg", "--batch", "--quiet", "--import"], stdin=text.encode(), env=environment)
    signers = folder / "allowed_signers"
    signers.write_text(
        "".join(f'* namespaces="git" {text.strip()}\n' for name, text in keys.items() if name.endswith(SSH))
    )
    return ["-c", f"gpg.ssh.allowedSignersFile={signers}"], environment
