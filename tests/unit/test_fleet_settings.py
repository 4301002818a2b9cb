"""The ways into the fleet repository: what each needs, what Flux and the agents are given, what nobody is shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from infra.fleet_settings import FleetSettings
from infra.problems import SettingsError
from infra.setting_group import NAMESPACE
from infra.settings import Settings
from management_cluster import git_credentials
from tests.unit.test_settings import GUID

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nof-the-program\n-----END OPENSSH PRIVATE KEY-----"
READS = KEY.replace("of-the-program", "of-who-reads")
READER = {"SLIPWAY_GIT_READER_USERNAME": "flux", "SLIPWAY_GIT_READER_PASSWORD": "reads"}
PASSWORD = {"SLIPWAY_GIT_PASSWORD": "pushes"}
AZURE_DEVOPS = {"gitAuth": "azureDevOps", "fleetUrl": "https://dev.azure.com/team/fleet/_git/fleet"}
APP = {"gitAuth": "githubApp", "githubAppId": "1234", "githubAppInstallationId": "5678"}
APP_KEY = {"SLIPWAY_GITHUB_APP_PRIVATE_KEY": KEY}


def parse(environment: dict[str, str], **changed: str) -> FleetSettings:
    """The settings of the fleet repository, some of ours set, credentials from the environment."""
    config = {
        "azure-native:subscriptionId": GUID,
        "azure-native:tenantId": GUID,
        "slipway:location": "westeurope",
        "slipway:fleetUrl": "https://git.example.com/fleet.git",
        **{f"{NAMESPACE}:{key}": value for key, value in changed.items()},
    }
    return Settings.parse(config, stack="dev", environment=environment).fleet


def complaints(environment: dict[str, str], **changed: str) -> str:
    """What is said about them."""
    with pytest.raises(SettingsError) as raised:
        parse(environment, **changed)
    return str(raised.value)


def by_deploy_key(tmp_path: Path) -> dict[str, str]:
    """A stack with a deploy key, without the key itself."""
    (tmp_path / "known_hosts").write_text("git.example.com ssh-ed25519 AAAA\n")
    return {
        "gitAuth": "deployKey",
        "fleetUrl": "ssh://git@git.example.com/team/fleet.git",
        "gitKnownHostsFile": str(tmp_path / "known_hosts"),
    }


@pytest.fixture
def deploy_key(tmp_path: Path) -> dict[str, str]:
    """As a fixture."""
    return by_deploy_key(tmp_path)


def test_flux_and_the_agents_have_the_programs_password_where_there_is_no_other() -> None:
    assert git_credentials.secrets(parse(PASSWORD)) == {
        "fleet-git": {"username": "git", "password": "pushes"},
        "fleet-git-values": {"git_username": "git", "git_password": "pushes"},
    }


def test_who_only_reads_takes_the_programs_place_everywhere_in_the_cluster() -> None:
    settings = parse(PASSWORD | READER)
    assert git_credentials.secrets(settings) == {
        "fleet-git": {"username": "flux", "password": "reads"},
        "fleet-git-values": {"git_username": "flux", "git_password": "reads"},
    }
    assert settings.secret("git_password") == "pushes"
    assert git_credentials.only_reads(settings)
    assert not git_credentials.only_reads(parse(PASSWORD))


def test_in_azure_devops_flux_needs_no_secret_and_the_agents_have_who_reads() -> None:
    assert git_credentials.secrets(parse(READER, **AZURE_DEVOPS)) == {
        "fleet-git-values": {"git_username": "flux", "git_password": "reads"}
    }


def test_the_apps_key_stays_on_the_management_cluster() -> None:
    found = git_credentials.secrets(parse(READER | APP_KEY, **APP))
    assert found["fleet-git"] == {
        "githubAppID": "1234",
        "githubAppInstallationID": "5678",
        "githubAppPrivateKey": KEY,
    }
    assert found["fleet-git-values"] == {"git_username": "flux", "git_password": "reads"}
    enterprise = git_credentials.secrets(
        parse(READER | APP_KEY, **APP, githubApiUrl="https://github.example.com/api/v3")
    )
    assert enterprise["fleet-git"]["githubAppBaseURL"] == "https://github.example.com/api/v3"


def test_a_deploy_key_that_only_reads_goes_to_the_agents(deploy_key: dict[str, str]) -> None:
    keys = {"SLIPWAY_GIT_PRIVATE_KEY": KEY, "SLIPWAY_GIT_READER_PRIVATE_KEY": READS}
    settings = parse(keys, **deploy_key)
    found = git_credentials.secrets(settings)
    assert found["fleet-git"] == {"identity": f"{READS}\n", "known_hosts": settings.known_hosts}
    assert base64.b64decode(found["fleet-git-values"]["git_identity_base64"]).decode() == f"{READS}\n"
    assert "of-the-program" not in str(found)
    assert git_credentials.only_reads(settings)
    pushes = parse({"SLIPWAY_GIT_PRIVATE_KEY": KEY}, **deploy_key)
    assert not git_credentials.only_reads(pushes)
    alone = git_credentials.secrets(pushes)
    assert alone["fleet-git"]["identity"] == f"{KEY}\n"


def test_each_way_says_what_it_needs(deploy_key: dict[str, str]) -> None:
    said = complaints({}, gitAuth="githubApp")
    assert "slipway:githubAppId: is not set, as slipway:gitAuth githubApp wants. `pulumi config set slipway:g" in said
    assert "`pulumi config set --secret slipway:githubAppPrivateKey`, or SLIPWAY_GITHUB_APP_PRIVATE_KEY in" in said
    for each in (said, complaints({}, **AZURE_DEVOPS)):
        assert "slipway:gitReaderPassword: is not set" in each
        assert "slipway:gitPassword" not in each
    assert "slipway:gitPrivateKey: is not set, as slipway:gitAuth deployKey wants" in complaints({}, **deploy_key)


def test_an_address_has_to_fit_the_way(deploy_key: dict[str, str]) -> None:
    key = {"SLIPWAY_GIT_PRIVATE_KEY": KEY}
    said = complaints(key, **deploy_key | {"fleetUrl": "https://git.example.com/fleet.git"})
    assert 'is not an ssh address, as slipway:gitAuth deployKey wants. Write it as "ssh://git@host/fleet.git"' in said
    said = complaints(READER, gitAuth="azureDevOps")
    assert "is not in Azure DevOps, to which alone its token is sent" in said


@pytest.mark.parametrize("key", ["gitPrivateKey", "gitReaderPrivateKey", "githubAppPrivateKey"])
def test_what_is_no_private_key_is_refused_and_not_repeated(key: str, deploy_key: dict[str, str]) -> None:
    others = {"SLIPWAY_GIT_PRIVATE_KEY": KEY}
    variable = {
        "gitPrivateKey": "SLIPWAY_GIT_PRIVATE_KEY",
        "gitReaderPrivateKey": "SLIPWAY_GIT_READER_PRIVATE_KEY",
        "githubAppPrivateKey": "SLIPWAY_GITHUB_APP_PRIVATE_KEY",
    }[key]
    said = complaints({**others, variable: "hunter2"}, **deploy_key)
    assert f"slipway:{key}: is not a private key in PEM. `pulumi config set --secret slipway:{key} < FILE`" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("key", ["gitPrivateKey", "gitReaderPrivateKey", "githubAppPrivateKey", "gitReaderPassword"])
def test_a_readable_credential_is_refused_and_not_repeated(key: str) -> None:
    said = complaints(PASSWORD, **{key: f"{KEY} hunter2"})
    assert f"Replace it by `pulumi config set --secret slipway:{key}`" in said
    assert "hunter2" not in said


def test_a_credential_for_agents_that_none_of_them_would_read_is_refused(deploy_key: dict[str, str]) -> None:
    key = {"SLIPWAY_GIT_PRIVATE_KEY": KEY}
    assert "slipway:gitReaderPassword: has no effect with slipway:gitAuth deployKey" in complaints(
        key | READER, **deploy_key
    )
    assert "slipway:gitReaderPrivateKey: has no effect with slipway:gitAuth password" in complaints(
        PASSWORD | {"SLIPWAY_GIT_READER_PRIVATE_KEY": READS}
    )


def test_settings_do_not_show_credentials(deploy_key: dict[str, str]) -> None:
    keys = {"SLIPWAY_GIT_PRIVATE_KEY": KEY, "SLIPWAY_GIT_READER_PRIVATE_KEY": READS}
    shown = repr(parse(keys, **deploy_key)) + repr(parse(READER | APP_KEY, **APP))
    assert not [each for each in ("of-the-program", "of-who-reads", "reads'") if each in shown]
