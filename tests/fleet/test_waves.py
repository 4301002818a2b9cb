"""A release reaches an environment's canaries first, and its other clusters when those are well."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cel_expr_python import cel

from fleet import waves
from tests.fleet.rendering import REPOSITORY, Fleet, kustomize

RECORDED = json.loads((Path(__file__).parents[1] / "unit/fleet_status/recorded.json").read_text())
ENVIRONMENTS = ("dev", "staging", "production")

Object = dict[str, Any]
Edit = Callable[[Object], object]


def test_canaries_come_first_in_every_environment() -> None:
    order = waves.read((REPOSITORY / waves.FILE).read_text())
    rings = [(environment, ring) for environment in ENVIRONMENTS for ring in ("canary", "clusters")]
    assert [(each.environment, each.ring) for each in order] == rings
    assert all((REPOSITORY / each.directory).is_dir() for each in order)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_release_waits_for_the_canaries_and_requests_do_not(fleet: Fleet, environment: str) -> None:
    canary = f"{environment}-canary"
    release = kustomize(fleet.path / "management").one("Kustomization", f"{environment}-release")["spec"]
    assert [each["name"] for each in release["dependsOn"]] == [f"{canary}-release", canary]
    for wave in (canary, environment):
        clusters = fleet.wave(wave).one("Kustomization", wave)["spec"]
        assert clusters["dependsOn"] == [{"name": "policies"}, {"name": "classes"}]
        assert clusters["wait"] is (wave == canary)


def test_a_canary_differs_from_other_clusters_by_its_wave_only(fleet: Fleet) -> None:
    request = fleet.request("first")
    first = fleet.environment().text()
    shutil.move(request, fleet.path / "environments/dev/canary/first")
    canary = fleet.environment("dev-canary").text()
    assert canary.replace("ring: canary", "ring: clusters").replace("dev-canary-agent", "dev-agent") == first


@pytest.mark.parametrize(
    "change",
    [
        ("v1.36.3", "v1.37.1"),
        ("class_version: v1", "class_version: v2"),
        ("agent_version: v2.9.5", "agent_version: v2.10.0"),
        ("refs/heads/main", "refs/tags/v7"),
        ("  class_version", "  a_value_of_the_team: '1'\n  class_version"),
    ],
)
def test_any_other_release_is_another_generation_of_the_wave(fleet: Fleet, change: tuple[str, str]) -> None:
    # Otherwise the wave might pass for healthy with the release before.
    before = fleet.wave().one("Kustomization", "dev")["spec"]
    file = fleet.path / "environments/dev/release.yaml"
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    assert fleet.wave().one("Kustomization", "dev")["spec"] != before


def healthy(fleet: Fleet, object_: Object) -> bool:
    """What the wave's health check says of an object, by the reference implementation of CEL."""
    group = object_["apiVersion"].partition("/")[0]
    checks = fleet.wave("dev-canary").one("Kustomization", "dev-canary")["spec"]["healthCheckExprs"]
    (check,) = [
        each
        for each in checks
        if each["apiVersion"].partition("/")[0] == group and each.get("kind") in (None, object_["kind"])
    ]
    return evaluated(check["current"], object_)


def evaluated(expression: str, data: Object) -> bool:
    """The value of a CEL expression."""
    environment = cel.NewEnv(variables=dict.fromkeys(data, cel.Type.DYN))
    value = environment.compile(expression).eval(data=data).plain_value()
    assert isinstance(value, bool)
    return value


def cluster(edit: Edit = lambda _: None) -> Object:
    """A Cluster as Cluster API left it, well but for an edit."""
    found: Object = copy.deepcopy(RECORDED["clusters"][0])
    conditions = [{"type": type_, "status": "True"} for type_ in ("InfrastructureReady", "ControlPlaneReady")]
    found["status"]["deprecated"] = {"v1beta1": {"conditions": conditions}}
    edit(found)
    return found


def _set(type_: str, **values: object) -> Edit:
    def edit(found: Object) -> None:
        status = found["status"]
        for each in [*status["conditions"], *status.get("deprecated", {}).get("v1beta1", {}).get("conditions", [])]:
            if each["type"] == type_:
                each.update(values)

    return edit


def test_a_cluster_is_well_when_cluster_api_and_azure_say_so(fleet: Fleet) -> None:
    assert healthy(fleet, cluster())


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(_set("Available", status="False"), id="not available"),
        pytest.param(_set("TopologyReconciled", status="False"), id="being upgraded"),
        pytest.param(_set("TopologyReconciled", observedGeneration=4), id="the release before"),
        pytest.param(_set("ControlPlaneReady", status="False"), id="refused by Azure"),
        pytest.param(lambda found: found["status"].pop("conditions"), id="no conditions yet"),
        pytest.param(lambda found: found["status"].pop("deprecated"), id="no conditions of Azure yet"),
    ],
)
def test_a_cluster_is_not_well(fleet: Fleet, edit: Edit) -> None:
    assert not healthy(fleet, cluster(edit))


@pytest.mark.parametrize(("generation", "status", "well"), [(3, "True", True), (4, "True", False), (3, "False", False)])
def test_what_azure_service_operator_makes_is_well_at_its_generation(
    fleet: Fleet, generation: int, status: str, well: bool
) -> None:
    ready = {"type": "Ready", "status": status, "observedGeneration": 3}
    for api, kind in (("containerservice.azure.com/v1", "ManagedCluster"), ("resources.azure.com/v1", "ResourceGroup")):
        metadata = {"generation": generation}
        made = {"apiVersion": api, "kind": kind, "metadata": metadata, "status": {"conditions": [ready]}}
        assert healthy(fleet, made) is well


@pytest.mark.parametrize(("applied", "well"), [("v2.9.5@sha256:1", True), ("v2.9.4@sha256:2", False)])
def test_an_agent_is_well_at_the_version_of_the_release(fleet: Fleet, applied: str, well: bool) -> None:
    fleet.request("shop", ring="canary")
    rendered = fleet.environment("dev-canary")
    status = {"conditions": [{"type": "Ready", "status": "True"}], "lastAppliedRevision": applied}
    assert healthy(fleet, {**rendered.one("Kustomization", "shop-agent"), "status": status}) is well
    assert healthy(fleet, {**rendered.one("Kustomization", "shop-sync"), "status": status})


@pytest.mark.parametrize(
    ("entries", "last", "goes_on"),
    [([{"id": "shop"}], "12:04:59", False), ([{"id": "shop"}], "12:05:00", True), ([], "12:00:00", True)],
)
def test_a_release_goes_on_when_canaries_were_well_for_five_minutes(
    fleet: Fleet, entries: list[Object], last: str, goes_on: bool
) -> None:
    release = kustomize(fleet.path / "management").one("Kustomization", "dev-release")["spec"]
    history = [{"firstReconciled": "2030-01-01T12:00:00Z", "lastReconciled": f"2030-01-01T{last}Z"}]
    dep = {"status": {"inventory": {"entries": entries}, "history": history}}
    assert evaluated(release["dependsOn"][1]["readyExpr"], {"dep": dep}) is goes_on
