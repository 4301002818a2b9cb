"""Talking with Azure Resource Manager: waiting, retrying, giving up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import urllib3

from local_azure.azure_native.answers import AzureError, OperationFailed
from local_azure.azure_native.arm import Arm, Interrupted
from local_azure.azure_native.credentials import Credential, Endpoints, Settings
from tests.unit.azure_native.scripted import Reply, Scripted, serve

PATH = "/subscriptions/s/resourcegroups/fleet"
VERSION = "2024-03-01"
Azure = Callable[[dict[str, list[Reply]]], AbstractContextManager[tuple[Arm, Scripted]]]


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """A resource manager that follows a script, and our client of it, which hardly pauses."""
    (tmp_path / "token").write_text("assertion")

    @contextmanager
    def follow(replies: dict[str, list[Reply]]) -> Iterator[tuple[Arm, Scripted]]:
        with serve(replies) as script:
            settings = Settings("unused", "s", "tenant", "client", tmp_path / "token")
            http = urllib3.PoolManager()
            credential = Credential(http, Endpoints(script.url, script.url, "https://arm"), settings)
            yield Arm(http, script.url, credential, pause=0.01), script

    return follow


def test_a_write_waits_for_the_operation_it_started(azure: Azure) -> None:
    accepted = Reply(201, {"properties": {}}, {"Azure-AsyncOperation": "{self}/operation", "Retry-After": "0"})
    states = [Reply(200, {"status": "InProgress"}), Reply(200, {"status": "Succeeded"})]
    with azure({f"PUT {PATH}": [accepted], "GET /operation": states}) as (arm, script):
        arm.put(PATH, VERSION, {})
    assert script.calls("GET /operation") == 2


def test_a_write_waits_for_a_location_that_no_longer_answers_202(azure: Azure) -> None:
    accepted = Reply(202, None, {"Location": "/result?api-version=1"})
    with azure({f"PUT {PATH}": [accepted], "GET /result": [Reply(202), Reply(200, {})]}) as (arm, script):
        arm.put(PATH, VERSION, {})
    assert script.calls("GET /result") == 2


def test_a_write_without_such_headers_waits_for_the_provisioning_state(azure: Azure) -> None:
    states = [Reply(200, {"properties": {"provisioningState": state}}) for state in ("Updating", "Succeeded")]
    with azure(
        {f"PUT {PATH}": [Reply(201, {"properties": {"provisioningState": "Creating"}})], f"GET {PATH}": states}
    ) as (
        arm,
        script,
    ):
        arm.put(PATH, VERSION, {})
    assert script.calls(f"GET {PATH}") == 2


def test_an_operation_that_fails_says_why(azure: Azure) -> None:
    failed = {"status": "Failed", "error": {"code": "QuotaExceeded", "message": "no cores left"}}
    accepted = Reply(201, {}, {"Azure-AsyncOperation": "{self}/operation"})
    with (
        azure({f"PUT {PATH}": [accepted], "GET /operation": [Reply(200, failed)]}) as (arm, _),
        pytest.raises(OperationFailed, match='Code="QuotaExceeded" Message="no cores left"'),
    ):
        arm.put(PATH, VERSION, {})


def test_a_refusal_reads_as_the_real_provider_says_it(azure: Azure) -> None:
    refusal = {"error": {"code": "LocationNotAvailableForResourceGroup", "message": "no region 'atlantis'"}}
    with azure({f"PUT {PATH}": [Reply(400, refusal)]}) as (arm, script), pytest.raises(AzureError) as raised:
        arm.put(PATH, VERSION, {})
    assert (
        str(raised.value) == 'Status=400 Code="LocationNotAvailableForResourceGroup" Message="no region \'atlantis\'"'
    )
    assert script.calls(f"PUT {PATH}") == 1


@pytest.mark.parametrize(
    "busy",
    [
        Reply(429, {"error": {"code": "TooManyRequests", "message": ""}}, {"Retry-After": "0"}),
        Reply(500, {"error": {"code": "InternalServerError", "message": ""}}),
        Reply(503),
        Reply(409, {"error": {"code": "AnotherOperationInProgress", "message": ""}}),
        Reply(0, cut=True),
    ],
    ids=["throttled", "internal error", "unavailable", "another operation", "connection cut"],
)
def test_what_passes_is_tried_again(azure: Azure, busy: Reply) -> None:
    with azure({f"PUT {PATH}": [busy, busy, Reply(200, {})]}) as (arm, script):
        arm.put(PATH, VERSION, {})
    assert script.calls(f"PUT {PATH}") == 3


def test_a_conflict_that_stays_is_not_tried_again(azure: Azure) -> None:
    conflict = Reply(409, {"error": {"code": "Conflict", "message": "taken"}})
    with azure({f"PUT {PATH}": [conflict]}) as (arm, script), pytest.raises(AzureError, match="taken"):
        arm.put(PATH, VERSION, {})
    assert script.calls(f"PUT {PATH}") == 1


def test_throttling_waits_as_long_as_azure_says(azure: Azure) -> None:
    busy = Reply(429, {}, {"Retry-After": "1"})
    with azure({f"GET {PATH}": [busy, Reply(200, {"location": "here"})]}) as (arm, _):
        began = time.monotonic()
        assert arm.get(PATH, VERSION) == {"location": "here"}
    assert time.monotonic() - began >= 1


def test_a_deletion_returns_when_the_resource_is_gone(azure: Azure) -> None:
    accepted = Reply(202, None, {"Location": "/result?api-version=1"})
    with azure({f"DELETE {PATH}": [accepted], "GET /result": [Reply(202), Reply(204)]}) as (arm, script):
        arm.delete(PATH, VERSION)
    assert script.calls("GET /result") == 2


def test_what_is_not_there_is_deleted(azure: Azure) -> None:
    with azure({}) as (arm, _):
        arm.delete(PATH, VERSION)


def test_our_token_does_not_follow_an_operation_elsewhere(azure: Azure) -> None:
    accepted = Reply(201, {}, {"Azure-AsyncOperation": "http://127.0.0.1:9/operation"})
    with azure({f"PUT {PATH}": [accepted]}) as (arm, _), pytest.raises(AzureError, match="is not followed"):
        arm.put(PATH, VERSION, {})


def test_waiting_ends_at_once_when_the_user_cancels(azure: Azure) -> None:
    accepted = Reply(201, {}, {"Azure-AsyncOperation": "{self}/operation", "Retry-After": "60"})
    with azure({f"PUT {PATH}": [accepted]}) as (arm, _):
        threading.Timer(0.2, arm.stopped.set).start()
        began = time.monotonic()
        with pytest.raises(Interrupted, match="cancelled"):
            arm.put(PATH, VERSION, {})
    assert time.monotonic() - began < 10


def test_a_timeout_of_the_resource_ends_the_waiting(azure: Azure) -> None:
    accepted = Reply(201, {}, {"Azure-AsyncOperation": "{self}/operation", "Retry-After": "60"})
    with azure({f"PUT {PATH}": [accepted]}) as (arm, _), pytest.raises(Interrupted, match="longer than"):
        arm.put(PATH, VERSION, {}, timeout=5)


def test_one_token_serves_many_calls(azure: Azure) -> None:
    with azure({f"GET {PATH}": [Reply(200, {"a": 1})]}) as (arm, script):
        for _ in range(3):
            arm.get(PATH, VERSION)
    assert script.calls("POST /tenant/oauth2/v2.0/token") == 1


def test_a_resource_azure_is_still_at_work_on_is_waited_for(azure: Azure) -> None:
    states = [Reply(200, {"properties": {"provisioningState": state}}) for state in ("Updating", "Succeeded")]
    with azure({f"GET {PATH}": states}) as (arm, script):
        arm.settled(PATH, VERSION)
    assert script.calls(f"GET {PATH}") == 2
