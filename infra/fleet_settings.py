"""Settings of the fleet repository: where it is, who writes to it and who only reads it, whose commits count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from infra.problems import Problem
from infra.setting_group import SettingGroup, config_key
from infra.values import AbsolutePath, BranchName, DomainName, GitUrl

KEY_SUFFIXES = (".asc", ".sshpub")
"""Of files with public keys, PGP and SSH: https://fluxcd.io/flux/components/source/gitrepositories/#verification"""


class FleetSettings(SettingGroup):
    """Where the fleet repository is, who may write to it, and who reads it."""

    fleet_url: GitUrl
    fleet_branch: BranchName = "main"
    git_username: str = "git"
    git_password: SecretStr
    git_reader_username: str = "git"
    git_reader_password: SecretStr | None = None
    git_ca_file: AbsolutePath | None = None
    git_signers: Path | None = None
    domain: DomainName = "fleet.internal"

    @property
    def reader(self) -> tuple[str, str]:
        """User and password by which the agents read, and Flux here; the program's own where none is for them."""
        if self.git_reader_password:
            return self.git_reader_username, self.git_reader_password.get_secret_value()
        return self.git_username, self.git_password.get_secret_value()

    @property
    def ca_certificates(self) -> str:
        """PEM text of the authorities the Git server's certificate is checked against; empty for the system's."""
        return self.git_ca_file.read_text() if self.git_ca_file else ""

    @property
    def signers(self) -> dict[str, str]:
        """Public keys by the names of their files: whose commits Flux takes; empty for everybody's."""
        found = sorted(self.git_signers.iterdir()) if self.git_signers else []
        return {file.name: file.read_text() for file in found if file.suffix in KEY_SUFFIXES}

    def problems(self) -> Iterator[Problem]:
        """A CA file that is not there, a folder of signers without a public key."""
        if self.git_ca_file and not Path(self.git_ca_file).is_file():
            yield Problem(config_key("git_ca_file"), str(self.git_ca_file), "there is no such file", "Name a PEM file")
        if self.git_signers:
            key, folder = config_key("git_signers"), self.git_signers
            if not folder.is_dir():
                yield Problem(key, str(folder), "there is no such folder", "Name one with public keys")
            elif not self.signers:
                yield Problem(
                    key, str(folder), "has no public key", f"Put in files that end in {' or '.join(KEY_SUFFIXES)}"
                )
            for name, text in self.signers.items() if folder.is_dir() else ():
                if "PRIVATE KEY" in text:
                    yield Problem(
                        key, name, "is a private key", "Put in the public one, and replace this one: it is known now"
                    )
