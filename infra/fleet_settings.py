"""Settings of the fleet repository: where it is, how it is reached, who only reads it, whose commits count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo, field_validator

from infra.problems import Problem
from infra.setting_group import SettingGroup, config_key
from infra.values import BranchName, DomainName, GitUrl, HttpsUrl, wrong

KEY_SUFFIXES = (".asc", ".sshpub")
"""Of files with public keys, PGP and SSH: https://fluxcd.io/flux/components/source/gitrepositories/#verification"""

GitAuth = Literal["password", "azureDevOps", "githubApp", "deployKey"]
"""How this program and Flux sign in to the fleet repository: docs/how-to/git-access.md."""

GITHUB: Final = "https://api.github.com"

FROM_ENVIRONMENT = {
    "slipway:gitUsername": "SLIPWAY_GIT_USERNAME",
    "slipway:gitPassword": "SLIPWAY_GIT_PASSWORD",
    "slipway:gitPrivateKey": "SLIPWAY_GIT_PRIVATE_KEY",
    "slipway:githubAppPrivateKey": "SLIPWAY_GITHUB_APP_PRIVATE_KEY",
    "slipway:gitReaderUsername": "SLIPWAY_GIT_READER_USERNAME",
    "slipway:gitReaderPassword": "SLIPWAY_GIT_READER_PASSWORD",
    "slipway:gitReaderPrivateKey": "SLIPWAY_GIT_READER_PRIVATE_KEY",
}
"""Where a stack leaves these keys empty, the environment fills them, as pipelines want it."""

_NEEDED: Final[dict[str, tuple[GitAuth, ...]]] = {
    "git_password": ("password",),
    "git_private_key": ("deployKey",),
    "git_known_hosts_file": ("deployKey",),
    "github_app_id": ("githubApp",),
    "github_app_installation_id": ("githubApp",),
    "github_app_private_key": ("githubApp",),
    # Workload clusters have no identity of their own in Azure DevOps, and get no App's key, which can push.
    "git_reader_password": ("azureDevOps", "githubApp"),
}
"""What each way cannot do without."""

_WITHOUT_EFFECT: Final[dict[str, tuple[GitAuth, ...]]] = {
    "git_known_hosts_file": ("password", "azureDevOps", "githubApp"),
    "github_app_id": ("password", "azureDevOps", "deployKey"),
    "github_app_installation_id": ("password", "azureDevOps", "deployKey"),
    "git_reader_password": ("deployKey",),
    "git_reader_private_key": ("password", "azureDevOps", "githubApp"),
}
"""What some ways do not read; credentials that pipelines have in their environment anyway are not among them."""


class FleetSettings(SettingGroup):
    """Where the fleet repository is, who may write to it, and who reads it.

    Files may be named from the project's folder on: Pulumi runs the program there, wherever the command was given.
    """

    fleet_url: GitUrl
    fleet_branch: BranchName = "main"
    git_auth: GitAuth = "password"
    git_username: str = "git"
    git_password: SecretStr | None = None
    github_app_id: str = ""
    github_app_installation_id: str = ""
    github_app_private_key: SecretStr | None = None
    github_api_url: HttpsUrl = GITHUB
    git_private_key: SecretStr | None = None
    git_known_hosts_file: Path | None = None
    git_reader_username: str = "git"
    git_reader_password: SecretStr | None = None
    git_reader_private_key: SecretStr | None = None
    git_ca_file: Path | None = None
    git_signers: Path | None = None
    domain: DomainName = "fleet.internal"

    @field_validator(*_NEEDED, "git_reader_private_key", mode="after")
    @classmethod
    def _as_git_auth_wants(cls, value: Any, info: ValidationInfo) -> Any:
        auth, name = info.data.get("git_auth"), info.field_name or ""
        if not value and auth in _NEEDED.get(name, ()):
            key = config_key(name)
            secret = (
                f" --secret {key}`, or {FROM_ENVIRONMENT[key]} in the environment" if key in FROM_ENVIRONMENT else ""
            )
            why = "" if auth == "password" else f", as slipway:gitAuth {auth} wants"
            raise wrong(f"is not set{why}", f"`pulumi config set{secret or f' {key} VALUE`'}")
        if value and auth in _WITHOUT_EFFECT.get(name, ()):
            raise wrong(f"has no effect with slipway:gitAuth {auth}", "Remove it")
        return value

    @field_validator("git_private_key", "git_reader_private_key", "github_app_private_key", mode="after")
    @classmethod
    def _private(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and "PRIVATE KEY-----" not in value.get_secret_value():
            raise wrong(
                "is not a private key in PEM",
                f"`pulumi config set --secret {config_key(info.field_name or '')} < FILE`",
            )
        return value

    @field_validator("github_app_id", "github_app_installation_id", mode="after")
    @classmethod
    def _number(cls, value: str) -> str:
        if value and not value.isdecimal():
            raise wrong(
                "is not a number",
                "The App's page has its App ID; that of the installation ends the address of its page",
            )
        return value

    def secret(self, field: str) -> str:
        """A credential as text; empty where there is none."""
        value: SecretStr | None = getattr(self, field)
        return value.get_secret_value() if value else ""

    @property
    def known_hosts(self) -> str:
        """Host keys of the Git server, as OpenSSH writes them; empty for a url of https."""
        return self.git_known_hosts_file.read_text() if self.git_known_hosts_file else ""

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
        """An address that the way in does not lead to, files that are not there, folders without a public key."""
        yield from self._wrong_address()
        for field, what in (("git_ca_file", "a PEM file"), ("git_known_hosts_file", "one with the server's host keys")):
            file: Path | None = getattr(self, field)
            if file and not file.is_file():
                yield Problem(config_key(field), str(file), "there is no such file", f"Name {what}")
        if self.git_signers:
            yield from self._wrong_signers(self.git_signers)

    def _wrong_address(self) -> Iterator[Problem]:
        key, url = config_key("fleet_url"), urlsplit(self.fleet_url)
        if self.git_auth == "deployKey" and url.scheme != "ssh":
            mend = 'Write it as "ssh://git@host/fleet.git"'
            yield Problem(key, self.fleet_url, "is not an ssh address, as slipway:gitAuth deployKey wants", mend)
        elif self.git_auth != "deployKey" and url.scheme != "https":
            mend = 'Write it as "https://host/fleet.git", or set slipway:gitAuth to deployKey'
            yield Problem(
                key, self.fleet_url, f"is not an https address, as slipway:gitAuth {self.git_auth} wants", mend
            )
        elif self.git_auth == "azureDevOps" and not _of_azure_devops(url.hostname or ""):
            # Whoever it is sent to could act as you in Azure DevOps.
            mend = 'Write it as "https://dev.azure.com/organization/project/_git/fleet"'
            yield Problem(key, self.fleet_url, "is not in Azure DevOps, to which alone its token is sent", mend)

    def _wrong_signers(self, folder: Path) -> Iterator[Problem]:
        key = config_key("git_signers")
        if not folder.is_dir():
            yield Problem(key, str(folder), "there is no such folder", "Name one with public keys")
            return
        if not self.signers:
            yield Problem(
                key, str(folder), "has no public key", f"Put in files that end in {' or '.join(KEY_SUFFIXES)}"
            )
        for name, text in self.signers.items():
            if "PRIVATE KEY" in text:
                mend = "Put in the public one, and replace this one: it is known now"
                yield Problem(key, name, "is a private key", mend)


def _of_azure_devops(host: str) -> bool:
    return host == "dev.azure.com" or host.endswith(".visualstudio.com")
