"""What a drain meets on the way: approvals that have expired, clusters that are paused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from external.command import ExternalError
from management_cluster.teardown import drain
from management_cluster.teardown.fleet_objects import APPROVED_BY, APPROVED_UNTIL, FleetObjects
from tests.unit.api_server import ApiServer, Object, api_server

CLUSTER = ("cluster.x-k8s.io/v1beta2", "Cluster", "first")
DATA = ("storage.azure.com/v1api20230101", "StorageAccount", "orders")
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
        serving.denied = _unapproved
        yield serving


def _unapproved(found: Object) -> str:
    end = found["metadata"].get("annotations", {}).get(APPROVED_UNTIL, "")
    return "" if until(timedelta()) < end < until(timedelta(days=30)) else "its deletion is not approved"


def run(api: ApiServer, patience: float = 5) -> None:
    """Drain the fleet."""
    drain.drain(FleetObjects(api.kubeconfig), "pulumi destroy of dev", lambda _: None, patience)


@pytest.mark.parametrize("time", [until(-HOUR), until(LONG), "tomorrow"])
def test_an_approval_that_does_not_hold_is_given_anew(api: ApiServer, time: str) -> None:
    first = api.put(*CLUSTER, approval(time))
    run(api)
    assert first not in api.objects


@pytest.mark.parametrize("time", [until(-HOUR), until(HOUR)])
def test_a_paused_cluster_goes_on_before_it_is_deleted(api: ApiServer, time: str) -> None:
    first = api.put(*CLUSTER, approval(time), paused=True)
    api.denied = lambda found: "paused" if found["spec"]["paused"] else _unapproved(found)
    run(api)
    assert first not in api.objects


def test_an_approval_that_holds_stays_the_one_of_who_gave_it(api: ApiServer) -> None:
    first = api.put(*CLUSTER, approval(until(HOUR)))
    api.denied = lambda _: "not now"
    with pytest.raises(ExternalError, match=r"Cluster clusters/first: .*not now"):
        run(api, patience=0)
    assert api.objects[first]["metadata"]["annotations"][APPROVED_BY] == "jane@example.com"


@pytest.mark.parametrize("time", [until(-HOUR), until(LONG), "tomorrow"])
def test_data_whose_approval_does_not_hold_is_not_touched(api: ApiServer, time: str) -> None:
    store = api.put(*DATA, approval(time))
    with pytest.raises(ExternalError, match=r"these hold data.*StorageAccount clusters/orders"):
        run(api)
    assert api.objects[store]["metadata"]["annotations"][APPROVED_UNTIL] == time


def test_data_whose_approval_holds_goes(api: ApiServer) -> None:
    store = api.put(*DATA, approval(until(HOUR)))
    run(api)
    assert store not in api.objects


def test_data_whose_approval_expires_meanwhile_stays(api: ApiServer) -> None:
    store = api.put(*DATA, approval(until(HOUR)))

    def expire(found: Object) -> str:
        found["metadata"]["annotations"] = approval(until(-HOUR))
        return _unapproved(found)

    api.denied = expire
    with pytest.raises(ExternalError, match=r"StorageAccount clusters/orders: .*not approved"):
        run(api, patience=0.1)
    assert api.objects[store]["metadata"]["annotations"][APPROVED_BY] == "jane@example.com"
