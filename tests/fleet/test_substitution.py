"""Flux substitutes values into what kustomize rendered: each is provided, and none is read as something else."""

from __future__ import annotations

import pytest

from tests.fleet import rendering
from tests.fleet.rendering import GIT, REPOSITORY, RUNTIME_INFO, Fleet, Rendered, kustomize


@pytest.fixture
def request_rendered(fleet: Fleet) -> Rendered:
    """A request before substitution."""
    return kustomize(fleet.request("first"))


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_every_variable_of_a_request_is_provided(fleet: Fleet, environment: str, request_rendered: Rendered) -> None:
    wave = fleet.wave(environment)
    data = [wave.one("ConfigMap", f"{environment}-{file}")["data"] for file in ("settings", "release")]
    assert request_rendered.variables() <= RUNTIME_INFO.keys() | GIT.keys() | data[0].keys() | data[1].keys()


def test_every_variable_of_the_sync_is_provided(request_rendered: Rendered) -> None:
    inline = request_rendered.one("Kustomization", "first-sync")["spec"]["postBuild"]["substitute"]
    assert kustomize(REPOSITORY / "hydration/sync").variables() <= inline.keys() | GIT.keys()


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_every_variable_of_the_workloads_is_in_cluster_info(environment: str) -> None:
    info = kustomize(REPOSITORY / "hydration/sync").one("ConfigMap", "cluster-info")["data"]
    assert kustomize(REPOSITORY / "workloads" / environment).variables() <= info.keys()


def test_every_variable_of_a_teams_cluster_is_provided_without_a_secret(fleet: Fleet) -> None:
    fleet.team()
    values = fleet.teams().one("Kustomization", "team")["spec"]["postBuild"]
    assert kustomize(fleet.own / "clusters/dev/blue").variables() <= values["substitute"].keys()
    assert values.keys() == {"substitute"}
    assert not values["substitute"].keys() & GIT.keys()


def test_every_variable_of_a_team_on_a_cluster_is_provided(fleet: Fleet) -> None:
    fleet.team()
    inline = fleet.of_team().one("Kustomization", "shop-dev-blue-shop")["spec"]["postBuild"]["substitute"]
    assert kustomize(REPOSITORY / "hydration/tenant/on-cluster").variables() <= inline.keys() | {"username", "password"}


@pytest.mark.parametrize("path", ["management", "policies", "classes"])
def test_what_is_applied_without_substitution_has_no_variable(path: str) -> None:
    assert kustomize(REPOSITORY / path).variables() == set()


def test_every_variable_of_the_class_templates_is_in_runtime_info() -> None:
    assert kustomize(REPOSITORY / "classes/templates").variables() <= RUNTIME_INFO.keys()


@pytest.mark.parametrize(
    "value",
    ["12345", "1e3", "true", "null", "a: b # c", '{"x": "y"}', "- &a *b", "~", "@`%", "ü", "it's", "'", "a''\\"],
)
def test_no_credential_is_read_as_yaml(value: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "GIT", {"git_username": value, "git_password": value})
    monkeypatch.setattr(rendering, "OF_TEAM", {"username": value, "password": value})
    fleet.team()
    fleet.request("first", component="tenants/shop")
    for where in (fleet.on_cluster("first"), fleet.teams()):
        assert where.one("Secret", "fleet-git")["stringData"] == {"username": value, "password": value}
    values = fleet.teams().one("Secret", "fleet-git-values")["stringData"]
    assert (values["git_username"], values["git_password"]) == (value, value)
    assert fleet.team_on_cluster("first").one("Secret", "git")["stringData"] == {"username": value, "password": value}


def test_every_value_in_a_config_map_is_text(fleet: Fleet) -> None:
    fleet.request("first")
    objects = [*fleet.wave(), *fleet.on_cluster("first"), *fleet.workloads("first")]
    maps = [each for each in objects if each["kind"] == "ConfigMap"]
    assert maps
    assert all(isinstance(value, str) for each in maps for value in each["data"].values())


def test_a_private_authority_of_the_git_server_reaches_the_cluster(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "GIT", {**GIT, "git_ca_base64": "LS0tLS1CRUdJTg=="})
    fleet.request("first")
    assert fleet.on_cluster("first").one("Secret", "fleet-git")["data"]["ca.crt"] == "LS0tLS1CRUdJTg=="


def test_a_deploy_key_reaches_clusters_and_teams_with_the_servers_host_keys(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, hosts = "LS0tLS1CRUdJTg==", "Z2l0LmV4YW1wbGUuY29t"
    by_key = {"git_username": "", "git_password": "", "git_identity_base64": key, "git_known_hosts_base64": hosts}
    monkeypatch.setattr(rendering, "GIT", by_key)
    fleet.request("first")
    fleet.team()
    teams = fleet.teams()
    for secret in (fleet.on_cluster("first").one("Secret", "fleet-git"), teams.one("Secret", "fleet-git")):
        assert secret["data"] == {"ca.crt": "", "identity": key, "known_hosts": hosts}
        assert secret["stringData"] == {"username": "", "password": ""}
    values = teams.one("Secret", "fleet-git-values")["stringData"]
    assert {name: values[name] for name in by_key} == by_key
