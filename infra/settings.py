"""The settings of a stack, from `Pulumi.<stack>.yaml`: typed, frozen, checked as a whole before anything is created.

Every key is described in Pulumi.yaml; docs/settings.md is made of it. The groups below are what the components take.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal, Self

import pulumi
from pydantic import Field, ValidationError

from infra.aks_settings import AksSettings
from infra.aks_values import Subscriptions, TeamResources
from infra.arm_ids import KeyId
from infra.controller_settings import ControllerSettings
from infra.fleet_settings import FROM_ENVIRONMENT, FleetSettings
from infra.network_settings import NetworkSettings
from infra.problems import Problem, SettingsError
from infra.setting_group import NAMESPACE, SettingGroup, config_key
from infra.tag_values import Tags, unusable
from infra.values import ClusterName, Duration, Guid, Moment, Region, ReleaseVersion, explain, is_secret
from management_cluster import versions

PROFILE: Final = "policy:profile"
EXPIRES: Final = "sandbox:expires"
SANDBOX: Final = "sandbox"
"""The only profile whose stacks expire; pipelines/expiry.py destroys no other."""

Teardown = Literal["refuse", "drain", "detach"]
"""What `pulumi destroy` does about a live fleet: management_cluster/teardown_guard.py."""


class AzureSettings(SettingGroup):
    """Where the management cluster is, and what it is called."""

    subscription_id: Guid = Field(alias="azure-native:subscriptionId")
    tenant_id: Guid = Field(alias="azure-native:tenantId")
    location: Region
    name: ClusterName
    teardown: Teardown = "refuse"
    profile: str = Field(default="", alias=PROFILE)
    expires: Moment | None = Field(default=None, alias=EXPIRES)
    tags: Tags = Field(default_factory=dict)
    fleet_subscriptions: Subscriptions = ()
    team_resources: TeamResources = ()
    decryption_key_id: KeyId | None = None

    @property
    def subscriptions_of_fleet(self) -> tuple[str, ...]:
        """Where the fleet's resources may be; those of a namespace that says nothing else are in the first."""
        return tuple(each.lower() for each in self.fleet_subscriptions or (self.subscription_id,))

    def problems(self) -> Iterator[Problem]:
        """A subscription that is listed twice; a time after which nothing would happen; tags that Azure refuses."""
        yield from unusable(config_key("tags"), self.tags)
        known = self.subscriptions_of_fleet
        for each in sorted({each for each in known if known.count(each) > 1}):
            yield Problem(config_key("fleet_subscriptions"), each, "is there more than once", "Write it once")
        if self.expires and self.profile != SANDBOX:
            yield Problem(EXPIRES, self.expires, "is for sandboxes only", f"Set {PROFILE} to {SANDBOX}, or remove it")


class ProviderSettings(SettingGroup):
    """Which releases of the Cluster API providers are installed."""

    cluster_api_version: ReleaseVersion = versions.CLUSTER_API
    azure_provider_version: ReleaseVersion = versions.AZURE_PROVIDER
    drift_period: Duration = "15m"


class FluxSettings(SettingGroup):
    """Which release of Flux is installed."""

    flux_version: ReleaseVersion = versions.FLUX


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
        """The settings of the stack that Pulumi is running; what is probably not meant is said as a warning.

        Raises:
            pulumi.RunError: with every wrong setting; Pulumi shows it without a traceback.
        """
        config = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
        secret_keys = json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS") or "[]")
        try:
            settings = cls.parse(config, stack=pulumi.get_stack(), secret_keys=secret_keys, environment=os.environ)
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        for group in GROUPS:
            for warning in getattr(settings, group).warnings():
                pulumi.log.warn(warning)
        return settings

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
        azure, aks, network = groups["azure"], groups["aks"], groups["network"]
        if isinstance(aks, AksSettings) and isinstance(network, NetworkSettings):
            found.extend(network.too_small_for(aks.most_nodes))
        if isinstance(aks, AksSettings) and isinstance(azure, AzureSettings):
            found.extend(aks.zone_elsewhere(azure.location))
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
    ours = {each.partition(":")[0] for each in (f"{NAMESPACE}:", PROFILE, EXPIRES)}
    for key in sorted(given):
        if key.partition(":")[0] in ours and key not in known:
            near = get_close_matches(key, known, n=1)
            mend = f"Did you mean {near[0]}?" if near else "See docs/settings.md for all settings"
            yield Problem(key, given[key], "there is no such setting", mend)


def _unencrypted(given: Mapping[str, str], secret_keys: list[str]) -> Iterator[Problem]:
    for key in sorted(given):
        if key.startswith(f"{NAMESPACE}:") and is_secret(key) and key not in secret_keys:
            mend = f"Replace it by `pulumi config set --secret {key}`, and change it where it was seen"
            yield Problem(key, None, "is readable in the stack's file", mend)
