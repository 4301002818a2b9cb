"""Metrics, alerts and commit statuses are in the seed, off; a line of the root kustomization switches them on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from fleet.rendering import checkout, render
from fleet.validation.check import validate
from tests.fleet.rendering import REPOSITORY, Fleet, Object, Rendered, kustomize, seeded

COLLECTORS = {"azure-monitor": "azmonitoring.coreos.com/v1", "prometheus-operator": "monitoring.coreos.com/v1"}


def switched_on(fleet: Fleet, *lines: str) -> list[Object]:
    """What `observability` applies, and what the root does, once the lines are there; nothing may fail."""
    root = fleet.path / "management/kustomization.yaml"
    more = "".join(f"- {line}\n" for line in lines)
    root.write_text(root.read_text().replace("- waves.yaml\n", f"- waves.yaml\n{more}", 1))
    with checkout(fleet.path) as copy:
        rendering = render(copy)
    assert rendering.failures == []
    return [each.object for each in rendering.items if each.kustomization in ("observability", "fleet")]


def test_none_of_it_is_on() -> None:
    names = kustomize(REPOSITORY / "management").names()
    assert "Kustomization/observability" not in names
    assert "Provider/commit-status" not in names


@pytest.mark.parametrize("collector", COLLECTORS)
def test_a_line_switches_metrics_on_in_the_collectors_own_api(fleet: Fleet, collector: str) -> None:
    applied = switched_on(fleet, f"observability/{collector}.yaml")
    monitors = [each for each in applied if each["kind"].endswith("Monitor")]
    assert {each["apiVersion"] for each in monitors} == {COLLECTORS[collector]}
    assert {each["metadata"]["name"] for each in monitors} == {"providers", "flux", "cert-manager", "conditions"}
    rules = [each["metadata"]["name"] for each in applied if each["kind"] == "PrometheusRule"]
    assert rules == (["fleet"] if collector == "prometheus-operator" else [])


def test_switching_off_removes_it_and_nothing_waits_for_it(fleet: Fleet) -> None:
    applied = Rendered(switched_on(fleet, "observability/azure-monitor.yaml"))
    assert "deletionPolicy" not in applied.one("Kustomization", "observability")["spec"]
    waiting = [each["spec"].get("dependsOn", []) for each in applied if each["kind"] == "Kustomization"]
    assert "observability" not in {dependency["name"] for each in waiting for dependency in each}


def test_flux_leaves_templates_and_variables_of_others_alone(fleet: Fleet) -> None:
    applied = Rendered(switched_on(fleet, "observability/prometheus-operator.yaml"))
    shown = json.loads(applied.one("ConfigMap", "fleet-dashboard")["data"]["fleet.json"])
    assert shown["panels"][1]["datasource"]["uid"] == "$datasource"
    group = applied.one("PrometheusRule", "fleet")["spec"]["groups"][0]
    assert group["rules"][0]["annotations"] == {
        "summary": "Cluster {{ $labels.name }} is not available",
        "runbook_url": "docs/how-to/observe.md#clusternotready",
    }
    as_written = yaml.safe_load((REPOSITORY / "management/observability/alerts/alerts.yaml").read_text())["spec"][
        "groups"
    ]
    there = [
        rule["expr"] for each in applied.one("PrometheusRule", "fleet")["spec"]["groups"] for rule in each["rules"]
    ]
    assert there == [rule["expr"] for each in as_written for rule in each["rules"]]


def test_conditions_are_read_by_the_kube_state_metrics_of_workload_clusters(fleet: Fleet) -> None:
    applied = Rendered(switched_on(fleet, "observability/azure-monitor.yaml"))
    deployment = applied.one("Deployment", "fleet-kube-state-metrics")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    there = kustomize(REPOSITORY / "workloads/base").one("Deployment", "kube-state-metrics")
    assert container["image"] == there["spec"]["template"]["spec"]["containers"][0]["image"]
    (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
    config = yaml.safe_load(applied.one("ConfigMap", volume["configMap"]["name"])["data"]["conditions.yaml"])
    binding = applied.one("ClusterRoleBinding", "fleet-kube-state-metrics")
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "fleet-kube-state-metrics", "namespace": "observability"}
    ]
    rules = applied.one("ClusterRole", "fleet-kube-state-metrics")["rules"]
    readable = {(rule["apiGroups"][0], each) for rule in rules for each in rule["resources"]}
    kinds = [each["groupVersionKind"] for each in config["spec"]["resources"]]
    plural = {(kind["group"], _plural(kind["kind"])) for kind in kinds}
    assert readable == plural | {("apiextensions.k8s.io", "customresourcedefinitions")}


def _plural(kind: str) -> str:
    return kind.lower().removesuffix("y") + "ies" if kind.endswith("y") else f"{kind.lower()}s"


def test_commit_statuses_are_of_the_waves(fleet: Fleet) -> None:
    applied = Rendered(switched_on(fleet, "notifications/commit-status.yaml"))
    assert applied.one("Provider", "commit-status")["spec"]["type"] == "github"
    (source,) = applied.one("Alert", "commit-status")["spec"]["eventSources"]
    assert source == {"kind": "Kustomization", "name": "*"}


@pytest.mark.parametrize("collector", COLLECTORS)
def test_a_fleet_with_all_of_it_is_valid(tmp_path: Path, collector: str) -> None:
    fleet = seeded(tmp_path)
    switched_on(fleet, f"observability/{collector}.yaml", "notifications/commit-status.yaml")
    assert not validate(fleet.path).findings
