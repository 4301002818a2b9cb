"""What is said of teams in a fleet repository, before it is merged: at the line, with what to write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fleet.validation.check import validate
from tests.fleet.rendering import REPOSITORY, Fleet

TEAM = "tenants/shop/tenant.yaml"
LIMITS = "environments/dev/tenants/shop/limits.yaml"
REQUEST = "environments/dev/clusters/first/kustomization.yaml"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A valid repository with the team of its README, which has clusters and is on one of the platform's."""
    fleet = Fleet(tmp_path)
    for folder in ("hydration", "management"):  # their Secrets as they are
        shutil.copytree(REPOSITORY / folder, fleet.path / folder, dirs_exist_ok=True)
    fleet.team()
    fleet.request("first", component="tenants/shop")
    return fleet


def test_the_team_of_the_readme_is_valid(fleet: Fleet) -> None:
    result = validate(fleet.path)
    assert result.findings == ()
    assert result.clusters == 1


BROKEN = {
    "a-team-that-is-not-there": (
        REQUEST,
        ("tenants/shop", "tenants/shpo"),
        "2:14: components[0]: ../../../../tenants/shpo: does not exist [reference]\n"
        "    Did you mean ../../../../tenants/shop?",
    ),
    "a-team-that-is-not-allowed-here": (
        TEAM,
        ("dev, staging", "staging"),
        f"{REQUEST}:2:14: components[0]: shop: team shop is allowed in staging, not in dev [tenant]\n"
        f"    Remove it, or add dev to data.environments of {TEAM}",
    ),
    "a-team-after-hydration": (
        REQUEST,
        ("../../../../tenants/shop, ../../../../hydration", "../../../../hydration, ../../../../tenants/shop"),
        "2:37: components[1]: shop: comes too late [tenant]\n    Move it before hydration",
    ),
    "limits-where-the-team-is-not-allowed": (
        TEAM,
        ("dev, staging", "production"),
        f"{LIMITS}:6:11: data.tenant: shop: team shop is allowed in production, not in dev [tenant]",
    ),
    "an-environment-that-is-not-there": (
        TEAM,
        ("dev, staging", "dev, test"),
        "8:17: data.environments: test: there is no environment test [tenant]\n"
        "    List some of dev, staging, production",
    ),
    "limits-of-another-team": (
        LIMITS,
        ("tenant: shop", "tenant: search"),
        "6:11: data.tenant: search: the directory is called shop [tenant]\n    Write tenant: shop",
    ),
    "another-repository-than-the-teams": (
        LIMITS,
        ("/shop.git", "/other.git"),
        f"7:15: data.repository: https://git.example.com/shop/other.git: {TEAM} has another [tenant]",
    ),
    "a-number-that-is-none": (
        LIMITS,
        ('clusters: "2"', "clusters: many"),
        "8:13: data.clusters: many: clusters is no number [tenant]",
    ),
    "nothing-allowed": (
        LIMITS,
        ("regions: northeurope, westeurope", "regions: ''"),
        "10:12: data.regions: regions allows nothing [tenant]\n    List what is allowed, separated by commas",
    ),
    "no-repository": (
        TEAM,
        ("https://git.example.com/shop/shop.git", "shop"),
        "7:15: data.repository: shop: is no URL of Git [tenant]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_mistake_is_told_where_it_is_written(fleet: Fleet, name: str) -> None:
    file, (old, new), said = BROKEN[name]
    path = fleet.path / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    said = said if said.startswith("environments") else f"{file}:{said}"
    assert said in "\n".join(str(each) for each in validate(fleet.path).findings)


@pytest.mark.parametrize("name", ["sync", "Shop", "a-b"])
def test_a_name_that_would_clash_is_none(fleet: Fleet, name: str) -> None:
    folder = fleet.path / "tenants" / name
    shutil.copytree(fleet.path / "tenants/shop", folder)
    tenant = folder / "tenant.yaml"
    tenant.write_text(tenant.read_text().replace("tenant: shop", f"tenant: {name}"))
    assert f"{name}: is no name of a team [tenant]" in "\n".join(str(each) for each in validate(fleet.path).findings)


ENCRYPTED = """\
apiVersion: v1
kind: Secret
metadata:
  name: shop-git
stringData:
  username: ENC[AES256_GCM,data:Zm9v,iv:aXY=,tag:dGFn,type:str]
  password: ENC[AES256_GCM,data:YmFy,iv:aXY=,tag:dGFn,type:str]
sops:
  azure_kv:
  - vault_url: https://kv-fleet.vault.azure.net
    name: sops
    version: "1"
    created_at: "2026-01-01T00:00:00Z"
    enc: bm90LWEta2V5
  lastmodified: "2026-01-01T00:00:00Z"
  mac: ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]
  encrypted_regex: ^(data|stringData)$
  version: 3.11.0
"""


def test_a_teams_credential_that_sops_encrypted_is_valid_and_in_the_teams_namespace(fleet: Fleet) -> None:
    folder = fleet.path / "environments/dev/tenants/shop"
    (folder / "git.secret.yaml").write_text(ENCRYPTED)
    kustomization = folder / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("[limits.yaml]", "[limits.yaml, git.secret.yaml]"))
    assert validate(fleet.path).findings == ()
    (folder / "git.secret.yaml").write_text(ENCRYPTED.partition("sops:")[0])
    assert {each.rule for each in validate(fleet.path).findings} == {"secret"}
