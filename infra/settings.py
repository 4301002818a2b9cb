"""The settings of a stack, from `Pulumi.<stack>.yaml`: typed, frozen, checked as a whole before anything is created.

Every key is described in Pulumi.yaml; docs/settings.md is made of it. The groups below are what the components take.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self

import pulumi
from pydantic import Field, SecretStr, ValidationError

from infra.aks_settings import AksSettings
from infra.aks_values import Guids, TeamResources
from infra.controller_settings import ControllerSettings
from infra.network_settings import NetworkSettings
from infra.problems import Problem, SettingsError
from infra.setting_group import NAMESPACE, SettingGroup, config_key
from infra.values import (
    AbsolutePath,
    BranchName,
    ClusterName,
    DomainName,
    Duration,
    GitUrl,
    Guid,
    Region,
    ReleaseVersion,
    explain,
)
from management_cluster import versions

Teardown = Literal["refuse", "drain", "detach"]
"""What `pulumi destroy` does about a live fleet: management_cluster/teardown_guard.py."""

KEY_SUFFIXES = (".asc", ".sshpub")
"""Of files with public keys, PGP and SSH: https://fluxcd.io/flux/components/source/gitrepositories/#verification"""

FROM_ENVIRONMENT = {
    "slipway:gitUsername": "SLIPWAY_GIT_USERNAME",
    "slipway:gitPassword": "SLIPWAY_GIT_PASSWORD",
}
"""Where a stack leaves these keys empty, the environment fills them, as pipelines want it."""


class AzureSettings(SettingGroup):
    """Where the management cluster is, and what it is called."""

    subscription_id: Guid = Field(alias="azure-native:subscriptionId")
    tenant_id: Guid = Field(alias="azure-native:tenantId")
    location: Region
    name: ClusterName
    teardown: Teardown = "refuse"
    expires: str = Field(default="", alias="sandbox:expires")
    fleet_subscriptions: Guids = ()
    team_resources: TeamResources = ()

    @property
    def subscriptions_of_fleet(self) -> tuple[str, ...]:
        """Where the fleet's resources may be; those of a namespace that says nothing else are in the first."""
        return tuple(each.lower() for each in self.fleet_subscriptions or (self.subscription_id,))

    def problems(self) -> Iterator[Problem]:
        """A subscription that is listed twice."""
        known = self.subscriptions_of_fleet
        for each in sorted({each for each in known if known.count(each) > 1}):
            yield Problem(config_key("fleet_subscriptions"), each, "is there more than once", "Write it once")


class ProviderSettings(SettingGroup):
    """Which releases of the Cluster API providers are installed."""

    cluster_api_version: ReleaseVersion = versions.CLUSTER_API
    azure_provider_version: ReleaseVersion = versions.AZURE_PROVIDER
    drift_period: Duration = "15m"


class FluxSettings(SettingGroup):
    """Which release of Flux is installed."""

    flux_version: ReleaseVersion = versions.FLUX


class FleetSettings(SettingGroup):
    """Where the fleet repository is, and who may write to it."""

    fleet_url: GitUrl
    fleet_branch: BranchName = "main"
    git_username: str = "git"
    git_password: SecretStr
    git_ca_file: AbsolutePath | None = None
    git_signers: Path | None = None
    domain: DomainName = "fleet.internal"

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


@dataclass(frozen=True)
class Settings:
    """All settings of one stack."""

    stack: str
    azure: AzureSettings
    aks: AksSettings
    network: NetworkSettings
    controllers: ControllerSettings
    providers: ProviderSettings
    flux: FluxSettings
    fleet: FleetSettings

    @classmethod
    def load(cls) -> Self:
        """The settings of the stack that Pulumi is running.

        Raises:
            pulumi.RunError: with every wrong setting; Pulumi shows it without a traceback.
        """
        config = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
        secret_keys = json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS") or "[]")
        try:
            return cls.parse(config, stack=pulumi.get_stack(), secret_keys=secret_keys, environment=os.environ)
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None

    @classmethod
    def parse(
        cls,
        config: Mapping[str, str],
        *,
        stack: str,
        secret_keys: list[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Check raw config (full key to text, as Pulumi hands it over) and build the settings.

        Raises:
            SettingsError: with every wrong setting at once.
        """
        given = {key: value for key, value in config.items() if value != ""}
        found = list(_unknown(given)) + list(_unencrypted(given, secret_keys or []))
        for key, variable in FROM_ENVIRONMENT.items():
            if value := (environment or {}).get(variable):
                given.setdefault(key, value)
        given.setdefault(config_key("name"), stack)
        groups = {name: _group(kind, given, found) for name, kind in GROUPS.items()}
        aks, network = groups["aks"], groups["network"]
        if isinstance(aks, AksSettings) and isinstance(network, NetworkSettings):
            found.extend(network.too_small_for(aks.most_nodes))
        if found:
            raise SettingsError(stack, found)
        return cls(stack=stack, **groups)  # type: ignore[arg-type]  # none is None when nothing was found


GROUPS: dict[str, type[SettingGroup]] = {
    "azure": AzureSettings,
    "aks": AksSettings,
    "network": NetworkSettings,
    "controllers": ControllerSettings,
    "providers": ProviderSettings,
    "flux": FluxSettings,
    "fleet": FleetSettings,
}


def _group(kind: type[SettingGroup], given: Mapping[str, str], found: list[Problem]) -> SettingGroup | None:
    try:
        group = kind.model_validate({key: value for key, value in given.items() if key in kind.config_keys()})
    except ValidationError as error:
        found.extend(explain(detail) for detail in error.errors(include_url=False))
        return None
    found.extend(group.problems())
    return group


def _unknown(given: Mapping[str, str]) -> Iterator[Problem]:
    known = set().union(*(kind.config_keys() for kind in GROUPS.values()))
    for key in sorted(given):
        if key.startswith(f"{NAMESPACE}:") and key not in known:
            near = get_close_matches(key, known, n=1)
            mend = f"Did you mean {near[0]}?" if near else "See docs/settings.md for all settings"
            yield Problem(key, given[key], "there is no such setting", mend)


def _unencrypted(given: Mapping[str, str], secret_keys: list[str]) -> Iterator[Problem]:
    key = config_key("git_password")
    if key in given and key not in secret_keys:
        mend = f"Replace it by `pulumi config set --secret {key}`, and change it where it was seen"
        yield Problem(key, None, "is readable in the stack's file", mend)
