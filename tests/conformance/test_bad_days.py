"""Faults, restarts, and what is written down about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.resource.resources import ResourceManagementClient

from local_azure import instance
from tests.conformance.running import SUBSCRIPTION, Running, words
from tests.conformance.test_managed_clusters import CLUSTER


def _headers(azure: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {azure.credential().get_token('https://management.azure.com/.default').token}"}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "throttle", "retry_after": 7}, 429, "TooManyRequests"),
        ({"kind": "error"}, 500, "InternalServerError"),
        ({"kind": "quota"}, 400, "ErrCode_InsufficientVCPUQuota"),
        ({"kind": "sku"}, 400, "BadRequest"),
        ({"kind": "respond", "status": 503, "code": "ServerBusy", "message": "later"}, 503, "ServerBusy"),
    ],
)
def test_a_fault_meets_as_many_requests_as_it_says(
    no_faults: Running, group: str, fault: dict[str, Any], status: int, code: str
) -> None:
    url = f"{SUBSCRIPTION}/resourceGroups/{group}"
    headers = _headers(no_faults)
    no_faults.fault(method="GET", path=f"{group}$", count=1, **fault)
    answer = no_faults.http.get(url, params={"api-version": "2021-04-01"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if status == 429:
        assert answer.headers["Retry-After"] == "7"
    assert no_faults.http.get(url, params={"api-version": "2021-04-01"}, headers=headers).status_code == 200


def test_a_reset_comes_after_the_write(no_faults: Running) -> None:
    url = f"{SUBSCRIPTION}/resourceGroups/rg-reset"
    headers = _headers(no_faults)
    no_faults.fault(kind="reset", method="PUT", path="rg-reset$", count=1)
    with pytest.raises(httpx.TransportError):
        no_faults.http.put(url, params={"api-version": "2021-04-01"}, headers=headers, json={"location": "northeurope"})
    assert no_faults.http.get(url, params={"api-version": "2021-04-01"}, headers=headers).status_code == 200


def test_a_timeout_writes_nothing(no_faults: Running) -> None:
    url = f"{SUBSCRIPTION}/resourceGroups/rg-timeout"
    headers = _headers(no_faults)
    no_faults.fault(kind="timeout", seconds=0.2, method="PUT", path="rg-timeout$", count=1)
    with pytest.raises(httpx.TransportError):
        no_faults.http.put(url, params={"api-version": "2021-04-01"}, headers=headers, json={"location": "northeurope"})
    assert no_faults.http.get(url, params={"api-version": "2021-04-01"}, headers=headers).status_code == 404


def test_an_operation_can_fail_and_the_next_one_mends_it(no_faults: Running, aks: Any, group: str) -> None:
    no_faults.fault(kind="fail", method="PUT", path=f"{group}/.*/mc$", count=1, code="Boom", message="out of luck")
    with pytest.raises(HttpResponseError, match="out of luck"):
        aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    failed = aks.managed_clusters.get(group, "mc")
    assert (failed.provisioning_state, failed.agent_pool_profiles[0].provisioning_state) == ("Failed", "Failed")
    mended = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    assert (mended.provisioning_state, mended.agent_pool_profiles[0].provisioning_state) == ("Succeeded", "Succeeded")


def test_a_fault_can_choose_its_caller(no_faults: Running, resources: Any, group: str) -> None:
    no_faults.fault(kind="error", caller="00000000-0000-0000-0000-000000000000")
    assert resources.resource_groups.get(group).name == group


@pytest.mark.parametrize(
    "fault", [{"kind": "earthquake"}, {"kind": "error", "path": "("}, {"kind": "error", "when": 1}]
)
def test_a_fault_that_makes_no_sense_is_refused(no_faults: Running, fault: dict[str, Any]) -> None:
    assert no_faults.http.post("/_local/faults", json=fault).status_code == 400


def test_the_request_log_names_the_caller_and_keeps_no_token(azure: Running, resources: Any, group: str) -> None:
    resources.resource_groups.get(group)
    last = azure.requests(method="GET", path=f"resourcegroups/{group}$")[-1]
    assert (last["client_id"], last["status"]) == (instance.OPERATOR_CLIENT_ID, 200)
    assert "azsdk-python" in last["user_agent"]
    tokens = azure.requests(path="/oauth2/")
    assert tokens and tokens[-1]["body"]["presented"]["sub"] == "operator"
    written = "".join(str(entry) for entry in azure.requests())
    assert "eyJ" not in written
    assert azure.requests(after=last["number"], method="PUT", path="resourcegroups/nothing") == []


def test_everything_is_there_after_a_restart_and_interrupted_operations_go_on(tmp_path: Path) -> None:
    first = Running(tmp_path, instance.CACHE)
    first.client(ResourceManagementClient).resource_groups.create_or_update("rg", {"location": "northeurope"})
    first.set(durations={"Microsoft.ContainerService/managedClusters": {"create": 3}})
    aks = first.client(ContainerServiceClient)
    aks.managed_clusters.begin_create_or_update("rg", "mc", CLUSTER, polling=False)
    issuer = aks.managed_clusters.get("rg", "mc").oidc_issuer_profile.issuer_url
    first.stop()
    assert first.clusters.calls == []

    second = Running(tmp_path, instance.CACHE)
    try:
        aks = second.client(ContainerServiceClient)
        poller = aks.managed_clusters.begin_create_or_update("rg", "mc", CLUSTER, polling=False)
    except HttpResponseError as busy:
        assert words(busy).code == "OperationNotAllowed"
        while aks.managed_clusters.get("rg", "mc").provisioning_state == "Creating":
            pass
        poller = aks.managed_clusters.begin_create_or_update("rg", "mc", CLUSTER, polling=False)
    assert poller.result().oidc_issuer_profile.issuer_url == issuer
    assert ("create", f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/mc") in (
        second.clusters.calls
    )
    second.stop()
