"""Each alert fires when what it is about has happened, for as long as it waits, and not before or for anything else."""

from __future__ import annotations

from collections.abc import Sequence

import promql_parser
import pytest

from tests.observability import alerts, conditions
from tests.promql import MINUTE, NAME, History, Vector

BY_NAME = {each["alert"]: each for each in alerts()}
Values = Sequence[float | None]
"""One a minute, the last is now; None where the series is not there."""

DAYS = 86400.0


def history(series: dict[str, Values]) -> tuple[History, float]:
    """What was scraped every minute, and when the last time was; earlier than its first value a series is not there."""
    longest = max(len(values) for values in series.values())
    scrapes: dict[float, Vector] = {}
    for minute in range(longest):
        scrapes[minute * MINUTE] = vector = {}
        for text, values in series.items():
            value = ([None] * (longest - len(values)) + list(values))[minute]
            if value is not None:
                vector[_labels(text)] = value
    return History(scrapes), (longest - 1) * MINUTE


def _labels(text: str) -> frozenset[tuple[str, str]]:
    selector = promql_parser.parse(text)
    assert isinstance(selector, promql_parser.VectorSelector)
    return frozenset({(NAME, str(selector.name)), *((each.name, each.value) for each in selector.matchers.matchers)})


def firing(series: dict[str, Values]) -> set[str]:
    """The alerts that fire; one about metrics as such only where a test is about them."""
    past, now = history({UP: [1.0] * 10, **series})
    return {name for name, alert in BY_NAME.items() if past.firing(alert, now)}


def condition(kind: str, type_: str, reason: str = "Any", name: str = "one", namespace: str = "clusters") -> str:
    labels = {"customresource_kind": kind, "namespace": namespace, "name": name, "type": type_, "reason": reason}
    matchers = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    metric = next(each["metricNamePrefix"] for each in conditions() if each["groupVersionKind"]["kind"] == kind)
    return f"{metric}_condition{{{matchers}}}"


UP = 'up{fleet_component="fleet-kube-state-metrics", pod="a"}'
WAVE = ("Kustomization", "Ready")


def test_a_fleet_that_is_well_raises_none() -> None:
    well: dict[str, Values] = {
        condition("Cluster", "Available"): [1] * 180,
        condition("Cluster", "Deleting"): [0] * 180,
        condition("ManagedCluster", "Ready"): [1] * 180,
        condition("Kustomization", "Ready"): [1] * 180,
        condition("GitRepository", "Ready"): [1] * 180,
        'capi_cluster_cache_connection_up{fleet_component="capi-controller-manager", cluster_name="one"}': [1] * 180,
        'azure_successful_requests_total{resource="a", responseCode="200"}': list(range(180)),
        'controller_runtime_reconcile_total{fleet_component="a", controller="b"}': list(range(180)),
        'controller_runtime_reconcile_errors_total{fleet_component="a", controller="b"}': [0] * 180,
        'certmanager_certificate_expiration_timestamp_seconds{name="a"}': [60 * DAYS] * 180,
        UP: [1] * 180,
    }
    assert firing(well) == set()


TROUBLE: dict[str, tuple[str, dict[str, Values]]] = {
    "a cluster is not available": ("ClusterNotReady", {condition("Cluster", "Available"): [1] * 5 + [0] * 21}),
    "a cluster is out of reach": (
        "ClusterUnreachable",
        {'capi_cluster_cache_connection_up{fleet_component="capi-controller-manager", cluster_name="one"}': [0] * 11},
    ),
    "a release waits for hours": (
        "WaveStuck",
        {condition(*WAVE, "DependencyNotReady", "dev-release", "flux-system"): [0] * 125},
    ),
    "what Git has no more may not be removed, between attempts": (
        "Survivor",
        {
            condition(*WAVE, "PruneFailed"): [0, None, None] * 6,
            condition(*WAVE, "Progressing"): [None, 0, 0] * 6,
            condition(*WAVE, "ReconciliationSucceeded"): [1] * 20 + [None] * 18,
        },
    ),
    "a Kustomization fails, and its reasons change": (
        "KustomizationFailing",
        {
            condition(*WAVE, "BuildFailed"): [0, None] * 12,
            condition(*WAVE, "Progressing"): [None, 0] * 12,
        },
    ),
    "a source is not fetched": ("SourceNotFetched", {condition("GitRepository", "Ready"): [0] * 11}),
    "Azure refuses": ("AzureDiffers", {condition("ManagedCluster", "Ready"): [0] * 31}),
    "a controller and its replica do not answer": (
        "ControllerDown",
        {
            'up{fleet_component="source-controller", pod="a"}': [1] * 5 + [0] * 6,
            'up{fleet_component="source-controller", pod="b"}': [1] * 5 + [0] * 6,
        },
    ),
    "a controller is gone": (
        "ControllerDown",
        {'up{fleet_component="source-controller", pod="a"}': [1] * 5 + [None] * 6},
    ),
    "nobody knows the fleet's conditions": ("PlaneUnseen", {UP: [0] * 16}),
    "a controller fails at most of what it does": (
        "ReconcileErrors",
        {
            'controller_runtime_reconcile_errors_total{fleet_component="a", controller="b"}': list(range(60)),
            'controller_runtime_reconcile_total{fleet_component="a", controller="b"}': list(range(60)),
        },
    ),
    "Azure throttles for a while": (
        "Throttled",
        {'azure_successful_requests_total{resource="a", responseCode="429"}': list(range(40))},
    ),
    "Azure refuses the controller": (
        "CredentialFailing",
        {'azure_successful_requests_total{resource="a", responseCode="403"}': list(range(40))},
    ),
    "the controller gets no token": (
        "CredentialFailing",
        {'azure_failed_requests_total{resource="a", requestType="GET"}': list(range(40))},
    ),
    "a certificate is not renewed": (
        "CertificateExpiring",
        {'certmanager_certificate_expiration_timestamp_seconds{name="a", namespace="b"}': [13 * DAYS] * 62},
    ),
    "a control plane's machine ends": (
        "CertificateExpiring",
        {'fleet_machine_certificates_expiry{name="a", namespace="b"}': [13 * DAYS] * 62},
    ),
}


@pytest.mark.parametrize(("alert", "series"), TROUBLE.values(), ids=TROUBLE.keys())
def test_one_fires_when(alert: str, series: dict[str, Values]) -> None:
    assert firing(series) == {alert}


def test_every_alert_fires_at_something() -> None:
    assert {alert for alert, _ in TROUBLE.values()} == BY_NAME.keys()


ORDINARY: dict[str, dict[str, Values]] = {
    "a cluster is not available for a moment": {condition("Cluster", "Available"): [1] * 30 + [0] * 15},
    "a cluster is being deleted": {
        condition("Cluster", "Available"): [0] * 40,
        condition("Cluster", "Deleting"): [1] * 40,
    },
    "a cluster is paused": {condition("Cluster", "Available"): [0] * 40, condition("Cluster", "Paused"): [1] * 40},
    "a release waits while its canary upgrades": {
        condition(*WAVE, "DependencyNotReady", "dev-release", "flux-system"): [0] * 90,
        condition(*WAVE, "ReconciliationSucceeded", "dev-release", "flux-system"): [1] * 60 + [None] * 90,
    },
    "Flux is at work": {
        condition(*WAVE, "Progressing"): [None, 0] * 30,
        condition(*WAVE, "ReconciliationSucceeded"): [1, None] * 30,
    },
    "one pod of two is replaced": {
        'up{fleet_component="source-controller", pod="a"}': [1] * 30 + [None] * 30,
        'up{fleet_component="source-controller", pod="b"}': [None] * 30 + [1] * 30,
    },
    "Azure throttles once": {
        'azure_successful_requests_total{resource="a", responseCode="429"}': [0] * 20 + [1] * 40,
    },
    "a certificate is about to be renewed": {
        'certmanager_certificate_expiration_timestamp_seconds{name="a", namespace="b"}': [29 * DAYS] * 62,
    },
}


@pytest.mark.parametrize("series", ORDINARY.values(), ids=ORDINARY.keys())
def test_none_fires_when(series: dict[str, Values]) -> None:
    assert firing({UP: [1] * 150, **series}) == set()
