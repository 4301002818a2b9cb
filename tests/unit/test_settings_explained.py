"""Settings that YAML and Git invite people to get wrong: the item that is wrong is named, with the mend of its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings
from infra.settings_page import page
from tests.unit.test_settings import ENVIRONMENT, GUID, SHORT, complaints, parse


@pytest.mark.parametrize(
    ("key", "items", "said"),
    [
        ("zones", ["1", 4], "slipway:zones[1] = \"4\": must be '1', '2' or '3'. Choose one of these."),
        ("zones", ["1", True], "slipway:zones[1] = \"True\": must be '1', '2' or '3'. Choose one of these."),
        (
            "authorizedIpRanges",
            [1],
            'slipway:authorizedIpRanges[0] = "1": is not an IPv4 range. Write it as "203.0.113.0/24".',
        ),
        (
            "authorizedIpRanges",
            ["203.0.113.0/24", "2001:db8::/48"],
            'slipway:authorizedIpRanges[1] = "2001:db8::/48": is a range of IPv6, not of IPv4. '
            'Write it as "203.0.113.0/24".',
        ),
        (
            "peerCidrs",
            ["on-premises"],
            'slipway:peerCidrs[0] = "on-premises": is not an IPv4 range. Write it as "10.8.0.0/14".',
        ),
        (
            "adminGroups",
            [GUID, 42],
            'slipway:adminGroups[1] = "42": is not a GUID. `az ad group show --group NAME --query id` prints it.',
        ),
        ("adminGroups", [None], "slipway:adminGroups[0]: is not a text. Write it in quotes."),
        (
            "fleetSubscriptions",
            ["production"],
            'slipway:fleetSubscriptions[0] = "production": is not a GUID. '
            "`az account list --query [].id` prints those there are.",
        ),
        (
            "teamResources",
            ["Vault", "Database"],
            "slipway:teamResources[1] = \"Database\": must be 'UserAssignedIdentity', ",
        ),
    ],
)
def test_the_item_of_a_list_that_is_wrong_is_named_with_its_own_mend(key: str, items: list[Any], said: str) -> None:
    (complaint,) = complaints(**{key: json.dumps(items)})
    assert complaint.startswith(said)


def test_numbers_that_nobody_put_in_quotes_are_zones() -> None:
    assert parse(zones="[1, 2]").aks.zones == ("1", "2")


def test_an_address_as_scp_has_it_is_written_out_as_an_url() -> None:
    (complaint,) = complaints(fleetUrl="git@github.com:team/fleet.git")
    assert complaint.endswith(
        'Write "ssh://git@github.com/team/fleet.git" with slipway:gitAuth deployKey, '
        '"https://github.com/team/fleet.git" with any other.'
    )


def test_files_are_found_from_the_projects_folder_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where Pulumi starts the program.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----")
    assert parse(gitCaFile="ca.pem").fleet.ca_certificates == "-----BEGIN CERTIFICATE-----"


def _with(**other: str) -> Settings:
    """A short stack with keys of other namespaces; two underscores are a colon."""
    config = SHORT | {key.replace("__", ":"): value for key, value in other.items()}
    return Settings.parse(config, stack="dev", environment=ENVIRONMENT)


@pytest.mark.parametrize("moment", ["2026-12-24", "2026-12-24T18:00Z", "2026-12-24 18:00:00+01:00"])
def test_a_sandbox_says_when_its_time_has_passed(moment: str) -> None:
    assert _with(policy__profile="sandbox", sandbox__expires=moment).azure.expires == moment


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"policy__profile": "sandbox", "sandbox__expires": "next week"},
            'sandbox:expires = "next week": is neither a date nor a time of ISO 8601. Write it as 2026-12-24',
        ),
        (
            {"sandbox__expires": "2026-12-24"},
            'sandbox:expires = "2026-12-24": is for sandboxes only. Set policy:profile to sandbox, or remove it.',
        ),
        (
            {"policy__profile": "sandbox", "sandbox__expire": "2026-12-24"},
            'sandbox:expire = "2026-12-24": there is no such setting. Did you mean sandbox:expires?',
        ),
    ],
)
def test_a_time_that_would_end_nothing_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(Exception, match="cannot be used") as raised:
        _with(**given)
    assert said in str(raised.value)


def test_the_page_of_the_settings_has_the_keys_of_other_namespaces() -> None:
    for key in ("azure-native:subscriptionId", "azure-native:tenantId", "policy:profile", "sandbox:expires"):
        assert f"\n| `{key}` | " in page()
