"""The figures of `make bench-fleet` are made of what kernel and controllers count."""

from __future__ import annotations

import pytest

from tests.scale import counters
from tests.scale.figures import Span, kind_of
from tests.scale.usage import use

CONTROLLER = """\
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",host="10.0.0.1:443",method="GET"} 5
rest_client_requests_total{code="200",host="10.0.0.1:443",method="PATCH"} 2
rest_client_requests_total{code="200",host="172.31.226.1:443",method="GET"} 3
workqueue_depth{controller="a",name="a",priority=""} 4
workqueue_depth{controller="b",name="b",priority=""} 1
controller_runtime_reconcile_time_seconds_bucket{controller="a",le="0.005"} 7
controller_runtime_reconcile_time_seconds_sum{controller="a"} 1.5
controller_runtime_reconcile_time_seconds_count{controller="a"} 3
"""
API_SERVER = """\
apiserver_request_duration_seconds_count{verb="GET"} 10
apiserver_request_duration_seconds_sum{verb="GET"} 0.5
apiserver_request_duration_seconds_count{verb="WATCH"} 1
apiserver_request_duration_seconds_sum{verb="WATCH"} 300
"""


def test_cores_are_cpu_seconds_by_time_and_a_peak_lasts() -> None:
    found = use([(0, 0, 1, 1), (5, 1, 3, 1), (10, 1, 2, 2), (15, 9, 2, 1), (20, 10, 2, 1), (40, 10, 2, 1)])
    assert (found.cores, found.memory, found.own) == (10 / 40, 3, 2)
    assert found.peak_cores == pytest.approx(9 / 15)


def test_requests_are_told_apart_by_the_cluster_they_go_to() -> None:
    found = counters.of_a_controller(CONTROLLER)
    assert (found[counters.REQUESTS], found[counters.ELSEWHERE]) == (7, 3)
    assert found[counters.WAITING] == 5
    assert found[counters.RECONCILING] / found[counters.RECONCILED] == 0.5


def test_watches_are_no_slow_requests() -> None:
    found = counters.of_an_api_server(API_SERVER)
    assert (found[counters.ANSWERED], found[counters.ANSWERING]) == (10, 0.5)


def test_requests_to_azure_are_of_a_kind() -> None:
    group = "/subscriptions/1/resourceGroups/crowd-1"
    cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/crowd-1"
    kinds = [kind_of(path) for path in (group, cluster, f"{cluster}/agentPools/system", f"{cluster}/listIt")]
    assert kinds == ["resourceGroups", "managedClusters", "managedClusters/agentPools", "managedClusters/listIt"]


def test_what_started_meanwhile_counts_from_nothing() -> None:
    before = counters.of_a_controller(CONTROLLER)
    again = counters.of_a_controller('rest_client_requests_total{host="10.0.0.1:443"} 2\n')
    span = Span("any", 0, 1, before={"same": before, "restarted": before}, after={"same": before, "restarted": again})
    assert [span.rise(pod, counters.REQUESTS) for pod in ("same", "restarted", "gone")] == [0, 2, 0]
