"""What docs/how-to/production.md and the last resort of docs/disaster-recovery.md tell to do can be done."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from infra.setting_group import SettingGroup
from infra.settings import Settings
from management_cluster import versions
from tests.faults.runbook import DOCS, blocks

PAGE = DOCS / "how-to" / "production.md"
ENVIRONMENT = {"SLIPWAY_GIT_PASSWORD": "pushes", "SLIPWAY_GIT_READER_PASSWORD": "reads"}


def _examples() -> list[dict[str, Any]]:
    return [
        yaml.safe_load(text)["config"] for text in re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    ]


def _settings(config: dict[str, Any]) -> Settings:
    """As Pulumi hands a stack's file over: texts as they are, everything else as JSON."""
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return Settings.parse(given, stack="production", environment=ENVIRONMENT)


def test_the_example_of_a_stack_file_is_accepted_and_nothing_is_to_be_warned_of() -> None:
    public, _ = _examples()
    settings = _settings(public)
    groups = [each for each in vars(settings).values() if isinstance(each, SettingGroup)]
    assert [warning for group in groups for warning in group.warnings()] == []
    assert settings.azure.subscription_id not in settings.azure.subscriptions_of_fleet
    assert settings.aks.protect
    assert settings.aks.kubernetes_version == versions.KUBERNETES
    assert len(public) <= 15


def test_the_example_of_a_private_stack_is_accepted_instead_of_the_ranges() -> None:
    public, private = _examples()
    settings = _settings({key: value for key, value in public.items() if not key.endswith("IpRanges")} | private)
    assert settings.network.given
    assert settings.aks.own_dns_zone.endswith(f"/private.{settings.azure.location}.azmk8s.io")


@pytest.mark.parametrize(
    ("page", "section"),
    [
        ("how-to/production.md", "1. Two subscriptions of one tenant"),
        ("how-to/production.md", "2. Who runs the program"),
        ("how-to/production.md", "3. The stack"),
        ("how-to/production.md", "4. Make it"),
    ],
)
def test_the_shell_understands_the_commands(page: str, section: str) -> None:
    for block in blocks(page, section):
        subprocess.run(["bash", "-n"], input=re.sub(r"<[^>]+>", "x", block), text=True, check=True)


def test_the_last_resort_removes_all_that_keeps_its_name_in_an_order_that_azure_allows() -> None:
    (recipe,) = blocks("disaster-recovery.md", "The last resort")
    steps = ["az lock delete", "az role assignment delete", "az role definition delete", "az group delete", "pulumi up"]
    assert sorted(steps, key=recipe.index) == steps
    assert "'Slipway $name '" in recipe


def test_a_second_stack_beside_the_first_gets_a_name_of_its_own() -> None:
    copied = blocks("disaster-recovery.md", "Moving on purpose")[0]
    assert "--copy-config-from <old>\npulumi config set slipway:name <new> --stack <new>\n" in copied
