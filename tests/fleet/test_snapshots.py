"""What the seed renders to, for people to read: tests/fleet/snapshots."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fleet.rendering import REPOSITORY, REQUESTS, Fleet, Rendered, kustomize

Compare = Callable[[str, Rendered], None]


@pytest.mark.parametrize("path", ["management", "classes", "classes/templates"])
def test_the_management_cluster_gets(path: str, matches_snapshot: Compare) -> None:
    matches_snapshot(path.replace("/", "-"), kustomize(REPOSITORY / path))


@pytest.mark.parametrize("wave", ["dev-canary", "dev"])
def test_a_release_becomes_for_a_wave(fleet: Fleet, matches_snapshot: Compare, wave: str) -> None:
    matches_snapshot(f"wave-{wave}", fleet.wave(wave))


@pytest.mark.parametrize("request_", ["first", "machines", "scaled"])
def test_a_request_becomes(fleet: Fleet, matches_snapshot: Compare, request_: str) -> None:
    fleet.request(request_, example=request_)
    matches_snapshot(request_, fleet.environment())


@pytest.mark.parametrize("request_", ["first", "straight", "machines", "scaled"])
def test_a_request_is_twelve_lines_at_most(request_: str) -> None:
    files = (REQUESTS / request_).iterdir()
    assert sum(len(file.read_text().splitlines()) for file in files) <= 12


def test_the_workload_cluster_gets(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.request("first")
    matches_snapshot("first-on-cluster", fleet.on_cluster("first"))


def test_its_agent_applies(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.request("first")
    matches_snapshot("first-workloads", fleet.workloads("first"))


def test_a_managed_cluster_of_azure_service_operator_becomes(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.request("straight", example="straight")
    matches_snapshot("straight", fleet.environment())


def test_a_team_gets(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.team()
    matches_snapshot("team", fleet.teams())


def test_a_cluster_of_a_team_becomes(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.team()
    matches_snapshot("team-cluster", fleet.of_team())


def test_a_team_on_a_cluster_gets(fleet: Fleet, matches_snapshot: Compare) -> None:
    fleet.team()
    fleet.request("first", component="tenants/shop")
    matches_snapshot("team-on-cluster", fleet.team_on_cluster("first"))
