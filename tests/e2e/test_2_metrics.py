"""Metrics of the real controllers: every series that an alert or a graph asks for is there, and no alert fires."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.command import CommandFailed
from tests.e2e import collector
from tests.e2e.collector import Samples
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.observability import alerts, expressions, selectors, text_of
from tests.promql import NAME, History, Vector

ROOT = Path("management/kustomization.yaml")
LINE = "- observability/prometheus-operator.yaml\n"
KINDS = {"ServiceMonitor": "servicemonitors", "PodMonitor": "podmonitors", "PrometheusRule": "prometheusrules"}
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.monitoring.coreos.com}}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""
"""As much of the Prometheus Operator as keeps what Flux applies."""

AFTER_AN_EVENT = (
    "azure_failed_requests_total{}",  # no answer from Azure
    "azure_successful_requests_total{responseCode='429'}",
    "azure_successful_requests_total{responseCode=~'401|403'}",
    "azure_successful_requests_total{responseCode!='404', responseCode=~'4..|5..'}",
    "fleet_kustomization_condition{namespace='flux-system', reason='DependencyNotReady', type='Ready'}",
    "fleet_kustomization_condition{reason='DependencyNotReady', type='Ready'}",
    "fleet_kustomization_condition{reason='PruneFailed', type='Ready'}",
    "fleet_machine_certificates_expiry{}",  # a control plane on machines, of which the local Azure boots none
)
"""What is not there on a fleet that is well."""


@pytest.fixture(scope="module")
def switched_on(local: Local) -> Iterator[None]:
    """The line of docs/how-to/observe.md is merged; afterwards it is away again, and all that it brought."""
    local.commit("Metrics", lambda fleet: _edit(fleet, "- waves.yaml\n", f"- waves.yaml\n{LINE}"))
    local.reconcile(MANAGEMENT, "source", "git", "fleet")
    yield
    local.commit("No metrics", lambda fleet: _edit(fleet, LINE, ""))
    local.reconcile(MANAGEMENT, "source", "git", "fleet")
    eventually(lambda: local.get(MANAGEMENT, "namespace", "observability") is None, 180, "the end of the metrics")
    for plural in KINDS.values():
        local.run("kubectl", "--context", MANAGEMENT, "delete", "crd", f"{plural}.monitoring.coreos.com")


@pytest.fixture(scope="module")
def collected(local: Local, switched_on: None) -> Iterator[History]:
    """Two scrapes with a minute in between, of a fleet that is well."""
    for kind, plural in KINDS.items():
        _apply(local, DEFINITION.format(kind=kind, plural=plural))
    eventually(lambda: _ready(local), 300, "what Flux applies once the collector's kinds are there")
    _apply(local, collector.ACCESS)
    scrapes: dict[float, Vector] = {}
    for wait in (60, 0):
        scrapes[time.time()] = _series(collector.scrape(local, _token(local)))
        time.sleep(wait)
    yield History(scrapes)
    local.run("kubectl", "--context", MANAGEMENT, "delete", "clusterrole,clusterrolebinding", collector.ACCOUNT)
    local.run("kubectl", "--context", MANAGEMENT, "-n", "default", "delete", "serviceaccount", collector.ACCOUNT)


def test_without_the_collectors_kinds_nothing_else_is_held_up(local: Local, switched_on: None) -> None:
    eventually(lambda: _says(local, "no matches for kind"), 120, "Flux's word for the missing kind")
    assert local.reconciles()


def test_metrics_are_only_for_who_may_read_them(local: Local, collected: History) -> None:
    for target in collector.targets(local):
        if "bearerTokenFile" in target.endpoint:
            with pytest.raises(OSError, match=r"401|403"):
                collector.read(local, target, "")


def test_every_target_answers(collected: History) -> None:
    up = {labels: value for labels, value in _last(collected).items() if dict(labels)[NAME] == "up"}
    assert {dict(labels)["fleet_component"] for labels in up} == {
        *("capi-controller-manager", "capi-kubeadm-bootstrap-controller-manager"),
        *("capi-kubeadm-control-plane-controller-manager", "capz-controller-manager"),
        *("azureserviceoperator-controller-manager", "cert-manager", "fleet-kube-state-metrics"),
        *("source-controller", "kustomize-controller", "helm-controller", "notification-controller"),
    }
    assert set(up.values()) == {1}


@pytest.mark.parametrize("expression", expressions().values(), ids=expressions().keys())
def test_what_it_asks_for_is_there(expression: str, collected: History) -> None:
    series = [dict(each) for each in _last(collected)]
    for selector in selectors(expression):
        if text_of(selector) not in AFTER_AN_EVENT:
            found = collected.value(selector, max(collected.scrapes))
            assert found, f"no {text_of(selector)} among {sorted({each[NAME] for each in series})}"
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        names = {each.name for each in selectors(expression)}
        carried = {label for each in series if each[NAME] in names for label in each}
        assert not carried or {label.strip() for label in labels.split(",")} <= carried


def test_no_alert_fires_on_a_fleet_that_is_well(collected: History) -> None:
    """In both scrapes, since Flux says for a moment of every Kustomization that it is at work."""
    now = max(collected.scrapes)
    found = {each["alert"]: collected.firing({**each, "for": "1m"}, now) for each in alerts()}
    assert {alert: labels for alert, labels in found.items() if labels} == {}


def test_conditions_are_those_of_the_objects(local: Local, collected: History) -> None:
    cluster = local.get(MANAGEMENT, "cluster", FIRST, "-n", "clusters")
    there = {each["type"]: each["status"] == "True" for each in cluster["status"]["conditions"]}
    shown = {
        dict(labels)["type"]: bool(value)
        for labels, value in _last(collected).items()
        if {(NAME, "fleet_cluster_condition"), ("name", FIRST), ("environment", "dev")} <= labels
    }
    assert shown.keys() == there.keys()
    assert shown["Available"] is there["Available"] is True


@pytest.mark.parametrize(
    ("fault", "code"), [({"kind": "throttle"}, "429"), ({"kind": "respond", "status": 403}, "403")]
)
def test_what_azure_answers_is_counted(local: Local, collected: History, fault: dict[str, object], code: str) -> None:
    """The operator writes every resource anew each `slipway:driftPeriod`, here a minute."""
    words = {"code": "AuthorizationFailed"} if code == "403" else {"retry_after": 1}
    local.fault(**{**fault, **words}, method="PUT", path="agentPools/system", count=2)  # type: ignore[arg-type]
    try:
        eventually(lambda: _counted(local, code), 300, f"an answer {code} in the operator's metrics")
    finally:
        local.heal()
    eventually(lambda: _pools_ready(local), 400, "pools that Azure took again")


def _counted(local: Local, code: str) -> bool:
    found = collector.scrape(local, _token(local))
    return any(name == "azure_successful_requests_total" and ("responseCode", code) in labels for name, labels in found)


def _pools_ready(local: Local) -> bool:
    pools = (local.get(MANAGEMENT, "managedclustersagentpools", "-n", "clusters") or {"items": []})["items"]
    conditions = [each for pool in pools for each in pool["status"]["conditions"] if each["type"] == "Ready"]
    return bool(conditions) and all(each["status"] == "True" for each in conditions)


def _edit(fleet: Path, old: str, new: str) -> None:
    text = (fleet / ROOT).read_text()
    assert old in text
    (fleet / ROOT).write_text(text.replace(old, new, 1))


def _apply(local: Local, manifests: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(manifests)
        file.flush()
        local.run("kubectl", "--context", MANAGEMENT, "apply", "-f", file.name)


def _token(local: Local) -> str:
    return local.run(
        "kubectl", "--context", MANAGEMENT, "-n", "default", "create", "token", collector.ACCOUNT, "--duration=10m"
    ).strip()


def _says(local: Local, words: str) -> bool:
    found = local.get(MANAGEMENT, "kustomization.kustomize.toolkit.fluxcd.io", "observability", "-n", "flux-system")
    return words in str((found or {}).get("status"))


def _ready(local: Local) -> bool:
    try:
        local.reconcile(MANAGEMENT, "kustomization", "observability")
    except CommandFailed:
        return False
    deployment = local.get(MANAGEMENT, "deployment", "fleet-kube-state-metrics", "-n", "observability") or {}
    return bool(deployment.get("status", {}).get("readyReplicas"))


def _series(samples: Samples) -> Vector:
    return {frozenset({(NAME, name), *labels}): value for (name, labels), value in samples.items()}


def _last(history: History) -> Vector:
    return history.scrapes[max(history.scrapes)]
