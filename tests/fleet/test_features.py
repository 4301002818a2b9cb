"""What a cluster has beyond its environment's workloads: features by label, add-ons from another repository."""

from __future__ import annotations

import pytest

from tests.fleet.rendering import REQUESTS, Fleet

FEATURE = "DaemonSet/device-plugin"


def _request(fleet: Fleet, example: str, labels: str) -> None:
    text = (REQUESTS / example / "cluster.yaml").read_text()
    fleet.request(example, text.replace(f"name: {example}\n", f"name: {example}\n  labels: {labels}\n"), example)


@pytest.mark.parametrize("example", ["first", "machines", "straight"])
def test_a_label_switches_a_feature_on_in_every_class(fleet: Fleet, example: str) -> None:
    _request(fleet, example, '{gpu: "true"}')
    assert FEATURE in fleet.workloads(example).names()


@pytest.mark.parametrize("labels", ["{}", '{gpu: "false"}'])
def test_no_feature_is_there_unasked(fleet: Fleet, labels: str) -> None:
    _request(fleet, "first", labels)
    assert FEATURE not in fleet.workloads("first").names()


def test_a_feature_adds_to_what_the_environment_has(fleet: Fleet) -> None:
    fleet.request("plain")
    _request(fleet, "first", '{gpu: "true"}')
    added = set(fleet.workloads("first").names()) - set(fleet.workloads("plain").names())
    assert added == {"Namespace/gpu", FEATURE}


def test_add_ons_come_from_the_fleet_repository_unless_the_environment_names_another(fleet: Fleet) -> None:
    fleet.request("first")
    assert _url(fleet) == "https://git.example.com/platform/fleet.git"
    settings = fleet.path / "environments/dev/settings.yaml"
    settings.write_text(settings.read_text() + "  workloads_url: https://git.example.com/platform/add-ons.git\n")
    assert _url(fleet) == "https://git.example.com/platform/add-ons.git"


def _url(fleet: Fleet) -> str:
    return str(fleet.on_cluster("first").one("GitRepository", "fleet")["spec"]["url"])
