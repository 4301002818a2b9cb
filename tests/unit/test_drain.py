"""What a drain meets on the way: approvals that have expired, clusters that are paused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from external.command import ExternalError
from management_cluster.teardown import drain
from management_cluster.teardown.fleet_objects import APPROVED_BY, APPROVED_UNTIL, FleetObjects
from tests.unit.api_server import ApiServer, Object, api_server

FIRST = "/apis/cluster.x-k8s.io/v1beta2/namespaces/clusters/clusters/first"
STORE = "/apis/storage.azure.com/v1api20230101/namespaces/clusters/storageaccounts/orders"
LONG = timedelta(days=31)
HOUR = timedelta(hours=1)


def until(time_left: timedelta) -> str:
    """A time as the annotation has it."""
    return (datetime.now(UTC) + time_left).strftime("%Y-%m-%dT%H:%M:%SZ")


def approval(time: str) -> dict[str, str]:
    """The annotations."""
    return {APPROVED_BY: "jane@example.com", APPROVED_UNTIL: time}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """Takes away what it is asked to, if that is approved; as a policy of the fleet does."""
    monkeypatch.setattr(drain, "PAUSE", 0.01)
    with api_server() as serving:
        for group, version, kind in (
            ("cluster.x-k8s.io", "v1beta2", "Cluster"),
            ("storage.azure.com", "v1api20230101", "StorageAccount"),
        ):
            names = {"kind": kind, "plural": f"{kind.lower()}s"}
            versions = [{"name": version, "storage": True, "served": True}]
            name = f"{names['plural']}.{group}"
            serving.objects[f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"] = {
                "metadata": {"name": name},
                "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
            }
        serving.denied = _unapproved
        yield serving


def _unapproved(found: Object) -> str:
    end = found["metadata"].get("annotations", {}).get(APPROVED_UNTIL, "")
    return "" if until(timedelta()) < end < until(timedelta(days=30)) else "its deletion is not approved"


def put(api: ApiServer, path: str, annotations: dict[str, str], **spec: Any) -> None:
    """Let the API server have an object."""
    group, version, _, namespace, plural, name = path.removeprefix("/apis/").split("/")
    kind = {"clusters": "Cluster", "storageaccounts": "StorageAccount"}[plural]
    metadata = {"name": name, "namespace": namespace, "uid": name, "annotations": annotations}
    api.objects[path] = {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": metadata, "spec": spec}


def run(api: ApiServer, patience: float = 5) -> None:
    """Drain the fleet."""
    drain.drain(FleetObjects(api.kubeconfig), "pulumi destroy of dev", lambda _: None, patience)


@pytest.mark.parametrize("time", [until(-HOUR), until(LONG), "tomorrow"])
def test_an_approval_that_does_not_hold_is_given_anew(api: ApiServer, time: str) -> None:
    put(api, FIRST, approval(time))
    run(api)
    assert FIRST not in api.objects


@pytest.mark.parametrize("time", [until(-HOUR), until(HOUR)])
def test_a_paused_cluster_goes_on_before_it_is_deleted(api: ApiServer, time: str) -> None:
    put(api, FIRST, approval(time), paused=True)
    api.denied = lambda found: "paused" if found["spec"]["paused"] else _unapproved(found)
    run(api)
    assert FIRST not in api.objects


def test_an_approval_that_holds_stays_the_one_of_who_gave_it(api: ApiServer) -> None:
    put(api, FIRST, approval(until(HOUR)))
    api.denied = lambda _: "not now"
    with pytest.raises(ExternalError, match=r"Cluster clusters/first: .*not now"):
        run(api, patience=0)
    assert api.objects[FIRST]["metadata"]["annotations"][APPROVED_BY] == "jane@example.com"


@pytest.mark.parametrize("time", [until(-HOUR), until(LONG), "tomorrow"])
def test_data_whose_approval_does_not_hold_is_not_touched(api: ApiServer, time: str) -> None:
    put(api, STORE, approval(time))
    with pytest.raises(ExternalError, match=r"these hold data.*StorageAccount clusters/orders"):
        run(api)
    assert api.objects[STORE]["metadata"]["annotations"][APPROVED_UNTIL] == time


def test_data_whose_approval_holds_goes(api: ApiServer) -> None:
    put(api, STORE, approval(until(HOUR)))
    run(api)
    assert STORE not in api.objects


def test_data_whose_approval_expires_meanwhile_stays(api: ApiServer) -> None:
    put(api, STORE, approval(until(HOUR)))

    def expire(found: Object) -> str:
        found["metadata"]["annotations"] = approval(until(-HOUR))
        return _unapproved(found)

    api.denied = expire
    with pytest.raises(ExternalError, match=r"StorageAccount clusters/orders: .*not approved"):
        run(api, patience=0.1)
    assert api.objects[STORE]["metadata"]["annotations"][APPROVED_BY] == "jane@example.com"
