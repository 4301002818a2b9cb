"""A collector of metrics that does what the fleet repository's monitors say, as a Prometheus on the cluster does."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from tests import observability
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local

ACCOUNT: Final = "collector"
ACCESS: Final = f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {ACCOUNT}, namespace: default}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {ACCOUNT}}}
rules:
- {{nonResourceURLs: [/metrics], verbs: [get]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {ACCOUNT}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {ACCOUNT}}}
subjects:
- {{kind: ServiceAccount, name: {ACCOUNT}, namespace: default}}
"""
"""All that a collector's service account has to have."""

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""Values by name and labels of the series."""


@dataclass(frozen=True)
class Target:
    """A pod that a monitor names, and how it is asked."""

    namespace: str
    pod: str
    port: int
    endpoint: Mapping[str, Any]


def targets(local: Local) -> Iterator[Target]:
    """All pods that the monitors name."""
    for monitor in observability.monitors():
        spec = monitor["spec"]
        for namespace in spec.get("namespaceSelector", {}).get("matchNames", [monitor["metadata"]["namespace"]]):
            if monitor["kind"] == "PodMonitor":
                (endpoint,) = spec["podMetricsEndpoints"]
                for pod in _items(local, "pods", namespace, spec["selector"]):
                    ports = [port for each in pod["spec"]["containers"] for port in each.get("ports", [])]
                    (port,) = (each["containerPort"] for each in ports if each.get("name") == endpoint["port"])
                    yield Target(namespace, pod["metadata"]["name"], port, endpoint)
                continue
            (endpoint,) = spec["endpoints"]
            for service in _items(local, "services", namespace, spec["selector"]):
                (port,) = (each["port"] for each in service["spec"]["ports"] if each["name"] == endpoint["port"])
                for pod in _items(local, "pods", namespace, {"matchLabels": service["spec"]["selector"]}):
                    yield Target(namespace, pod["metadata"]["name"], port, endpoint)


def scrape(local: Local, token: str) -> Samples:
    """What the monitors collect, with `up` for each target."""
    found: Samples = {}
    for target in targets(local):
        (rule,) = target.endpoint["relabelings"]
        component = re.fullmatch(rule["regex"], target.pod)
        assert component, target
        own = {"namespace": target.namespace, "pod": target.pod, rule["targetLabel"]: component[1]}
        try:
            text = read(local, target, token if "bearerTokenFile" in target.endpoint else "")
        except (OSError, urllib.error.URLError):
            found["up", frozenset(own.items())] = 0
            continue
        found["up", frozenset(own.items())] = 1
        kept = [each["regex"] for each in target.endpoint.get("metricRelabelings", [])] or [".+"]
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if any(re.fullmatch(regex, sample.name) for regex in kept):  # honorLabels: its own go first
                    found[sample.name, frozenset({**own, **sample.labels}.items())] = sample.value
    return found


def read(local: Local, target: Target, token: str) -> str:
    """A pod's metrics.

    Raises:
        urllib.error.URLError: it does not answer, or does not let the token in.
    """
    scheme = target.endpoint.get("scheme", "http")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # signed by the pod itself
    with _forwarded(local, target) as port:
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}/metrics")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def _forwarded(local: Local, target: Target) -> Iterator[int]:
    """A port of this machine that leads to the pod's."""
    where = ["kubectl", "--context", MANAGEMENT, "-n", target.namespace, "port-forward", f"pod/{target.pod}"]
    process = subprocess.Popen(
        [*where, f":{target.port}"],
        env={**os.environ, **local.env},  # without a home folder kubectl leaves its cache in the checkout
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it complains when the answer was read and the connection ends
        text=True,
    )
    try:
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        if not found:
            raise OSError(f"{target.namespace}/{target.pod} cannot be reached: {said}")
        yield int(found[1])
    finally:
        process.terminate()
        process.wait()


def _items(local: Local, kind: str, namespace: str, selector: Mapping[str, Any]) -> list[dict[str, Any]]:
    words = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    words += [f"{each['key']} in ({','.join(each['values'])})" for each in selector.get("matchExpressions", [])]
    found = local.get(MANAGEMENT, kind, "-n", namespace, "-l", ",".join(words)) or {"items": []}
    items: list[dict[str, Any]] = found["items"]
    return items
