"""Signing in, and never anywhere but at a local Azure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest
import urllib3

from local_azure.azure_native.credentials import ConfigurationError, Credential, Endpoints, Settings, refuse_public
from tests.unit.azure_native.scripted import Reply, serve

ENVIRONMENT = {
    "ARM_METADATA_HOSTNAME": "172.31.224.2",
    "ARM_SUBSCRIPTION_ID": "subscription",
    "ARM_TENANT_ID": "tenant",
    "ARM_CLIENT_ID": "client",
    "ARM_USE_OIDC": "true",
    "ARM_OIDC_TOKEN_FILE_PATH": "/run/token",
}
TOKEN_CALL = "POST /tenant/oauth2/v2.0/token"


def test_settings_come_from_the_environment() -> None:
    settings = Settings.read({}, ENVIRONMENT)
    assert settings == Settings("172.31.224.2", "subscription", "tenant", "client", Path("/run/token"))


def test_the_stack_comes_before_the_environment() -> None:
    settings = Settings.read({"subscriptionId": "other", "location": "westeurope"}, ENVIRONMENT)
    assert (settings.subscription, settings.location) == ("other", "westeurope")


@pytest.mark.parametrize("variable", sorted(ENVIRONMENT))
def test_a_missing_setting_is_named(variable: str) -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != variable}
    with pytest.raises(ConfigurationError, match=variable):
        Settings.read({}, environment)


@pytest.mark.parametrize("url", ["https://8.8.8.8/", "https://[2001:4860:4860::8888]/"])
def test_a_public_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="public"):
        refuse_public(url)


@pytest.mark.parametrize("url", ["https://127.0.0.1:18443/", "https://172.31.224.2", "https://localhost"])
def test_a_private_address_is_not(url: str) -> None:
    refuse_public(url)


def credential(url: str, token_file: Path) -> Credential:
    settings = Settings("unused", "s", "tenant", "client", token_file)
    return Credential(urllib3.PoolManager(), Endpoints(url, url, "https://management.core.windows.net/"), settings)


def test_the_token_of_the_file_is_exchanged(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("assertion\n")
    with serve({}) as script:
        found = credential(script.url, tmp_path / "token")
        assert found.claims() == {"oid": "me", "tid": "tenant"}
    form = parse_qs(script.seen[0][1])
    assert form["client_assertion"] == ["assertion"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert form["scope"] == ["https://management.core.windows.net//.default"]


def test_the_file_is_read_again_for_the_next_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    with serve({TOKEN_CALL: [Reply(200, {"access_token": "short", "expires_in": -600})]}) as script:
        found = credential(script.url, tmp_path / "token")
        found.token()
        (tmp_path / "token").write_text("second")
        found.token()
    assert [parse_qs(form)["client_assertion"] for _, form in script.seen] == [["first"], ["second"]]


def test_a_refusal_of_entra_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("assertion")
    refusal = {"error": "invalid_client", "error_description": "AADSTS700213: No matching credential.\r\nTrace ID: x"}
    with (
        serve({TOKEN_CALL: [Reply(401, refusal)]}) as script,
        pytest.raises(ConfigurationError, match=r"AADSTS700213: No matching credential\.$"),
    ):
        credential(script.url, tmp_path / "token").token()


def test_a_missing_token_file_says_which_variable_names_it(tmp_path: Path) -> None:
    with serve({}) as script, pytest.raises(ConfigurationError, match="ARM_OIDC_TOKEN_FILE_PATH"):
        credential(script.url, tmp_path / "none").token()
