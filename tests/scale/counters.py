"""What controllers and the management cluster's API server count themselves: requests, reconciliations, queues."""

from __future__ import annotations

import re
import tempfile
import urllib.error
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e import collector
from tests.e2e.collector import Target
from tests.e2e.local import MANAGEMENT, Local

API_SERVER: Final = "kube-apiserver"
REQUESTS: Final = "requests to the management cluster"
ELSEWHERE: Final = "requests to workload clusters"
WAITING: Final = "objects in queues"
RECONCILED: Final = "controller_runtime_reconcile_time_seconds_count"
RECONCILING: Final = "controller_runtime_reconcile_time_seconds_sum"
FAILED: Final = "controller_runtime_reconcile_errors_total"
ANSWERED: Final = "apiserver_request_duration_seconds_count"
ANSWERING: Final = "apiserver_request_duration_seconds_sum"
REFUSED: Final = "apiserver_flowcontrol_rejected_requests_total"
LONG: Final = {"WATCH", "CONNECT"}
"""Requests that are answered until the client has enough."""

Counts = defaultdict[str, float]
"""By one of these names."""

PORTS: Final = ("metrics", "metrics-port", "http-prom", "http-metrics")
READ: Final = re.compile(r"(rest_client_requests_total|workqueue_depth|controller_runtime_reconcile_)")
"""The beginnings of lines worth parsing."""


def pods(local: Local) -> list[dict[str, Any]]:
    """All pods of the management cluster; none where it does not answer."""
    found: list[dict[str, Any]] = (local.get(MANAGEMENT, "pods", "--all-namespaces") or {"items": []})["items"]
    return found


class Counters:
    """Reads them, as a collector with an account of its own on the management cluster."""

    def __init__(self, local: Local) -> None:
        self._local = local
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(collector.ACCESS)
            file.flush()
            local.run("kubectl", "--context", MANAGEMENT, "apply", "-f", file.name)

    def read(self) -> dict[str, Counts]:
        """By pod, since it started, and by API_SERVER."""
        account = ["--namespace", "default", "create", "token", collector.ACCOUNT, "--duration=10m"]
        token = self._local.run("kubectl", "--context", MANAGEMENT, *account).strip()
        found = {}
        for target in self._targets():
            try:
                found[target.pod] = of_a_controller(collector.read(self._local, target, token))
            except (OSError, urllib.error.URLError):
                continue  # it restarts
        words = ["kubectl", "--context", MANAGEMENT, "get", "--raw", "/metrics"]
        found[API_SERVER] = of_an_api_server(self._local.run(*words, timeout=60))
        return found

    def _targets(self) -> Iterator[Target]:
        for pod in pods(self._local):
            for port in (port for each in pod["spec"]["containers"] for port in each.get("ports", [])):
                if port.get("name") in PORTS:
                    scheme = "https" if port["name"].startswith("metrics") else "http"
                    metadata = pod["metadata"]
                    yield Target(metadata["namespace"], metadata["name"], port["containerPort"], {"scheme": scheme})


def of_a_controller(text: str) -> Counts:
    """Sums over all labels of what a controller shows; the management cluster is the one it has by its service."""
    found: Counts = defaultdict(float)
    for name, labels, value in _samples(text, READ):
        if name == "rest_client_requests_total":
            host = labels["host"].partition(":")[0]
            found[ELSEWHERE if host.startswith("172.31.") else REQUESTS] += value
        elif name == "workqueue_depth":
            found[WAITING] += value
        else:
            found[name] += value
    return found


def of_an_api_server(text: str) -> Counts:
    """Likewise; without what is answered for as long as the client listens."""
    found: Counts = defaultdict(float)
    for name, labels, value in _samples(text, re.compile(rf"{ANSWERED}|{ANSWERING}|{REFUSED}")):
        if labels.get("verb") not in LONG:
            found[name] += value
    return found


def _samples(text: str, beginnings: re.Pattern[str]) -> Iterator[tuple[str, dict[str, str], float]]:
    lines = "\n".join(line for line in text.splitlines() if beginnings.match(line) and "_bucket{" not in line)
    for family in text_string_to_metric_families(lines + "\n"):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
