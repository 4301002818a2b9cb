"""A cluster that cannot be asked, by whatever way of this project: errors in words, and what goes on nevertheless."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from external.command import ExternalError
from external.kubernetes_api import NotSignedIn, Refused, Unauthorized, Unreachable
from fleet.status.connection import connect
from management_cluster import admission, cluster_api_providers, teardown_guard
from management_cluster.cluster_access import ClusterAccess
from management_cluster.running_controllers import RunningControllers
from management_cluster.teardown.fleet_objects import FleetObjects
from tests.unit.api_server import ApiServer, api_server, by_command, kubeconfig

EXPIRED = by_command("sh", "-c", "echo 'AADSTS70043: The refresh token has expired' >&2; exit 1")


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """Runs while a test does; has nothing."""
    with api_server() as serving:
        yield serving


def _status(kubeconfig: str, folder: Path) -> object:
    (folder / "kubeconfig").write_text(kubeconfig)
    return list(connect(folder / "kubeconfig", None)("cluster.x-k8s.io", "v1beta2", "clusters"))


WAYS: dict[str, Callable[[str, Path], object]] = {
    "the inventory": lambda text, _: ClusterAccess(text).installed_providers(),
    "cert-manager": lambda text, _: ClusterAccess(text).cert_manager_version(),
    "pods": lambda text, _: ClusterAccess(text).pods(),
    "controllers": lambda text, _: RunningControllers(text).effects({"capi-system/capi-controller-manager": {}}),
    "the fleet": lambda text, _: FleetObjects(text).clusters(),
    "notes": lambda text, _: FleetObjects(text).notes(),
    "status": _status,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("user", "kind", "said"),
    [
        ({"token": "t"}, Unreachable, "does not answer"),
        (EXPIRED, NotSignedIn, "AADSTS70043"),
        (by_command("no-such-login"), NotSignedIn, "no-such-login"),
        (by_command("echo", "{}"), Unreachable, "status"),
        (by_command("echo", "[]"), Unreachable, "list"),
    ],
)
def test_no_way_in_is_told_in_words(
    way: str, user: dict[str, Any], kind: type[ExternalError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=said) as failed:
        WAYS[way](kubeconfig(user=user), tmp_path)
    assert len(str(failed.value).splitlines()) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (403, Refused), (500, Refused)])
def test_a_refusal_is_told_in_words(
    way: str, status: int, kind: type[ExternalError], api: ApiServer, tmp_path: Path
) -> None:
    api.status = status
    with pytest.raises(kind, match="the management cluster"):
        WAYS[way](api.kubeconfig, tmp_path)


@pytest.mark.parametrize(
    "text", ["", "- [", "clusters: []", kubeconfig("no address"), kubeconfig(user={"token": None})]
)
def test_a_kubeconfig_that_leads_nowhere_is_told_in_words(text: str) -> None:
    with pytest.raises(Unreachable, match="the management cluster") as failed:
        ClusterAccess(text).installed_providers()
    assert len(str(failed.value).splitlines()) == 1


def test_what_only_explains_other_errors_is_empty_without_a_login() -> None:
    assert ClusterAccess(kubeconfig(user=EXPIRED)).not_ready() == []


def _provider() -> cluster_api_providers._Clusterctl:
    return cluster_api_providers._Clusterctl()


def _state(text: str) -> dict[str, Any]:
    """A stack's state of the providers."""
    return {
        "versions": {"cluster-api": "v1.12.8"},
        "drift_period": "15m",
        "registry": "",
        "controllers": {},
        "kubeconfig": text,
        "cert_manager": "v1.19.1",
    }


def test_a_preview_goes_on_without_a_login() -> None:
    state = _state(kubeconfig(user=EXPIRED))
    assert not _provider().diff("clusterctl", state, state).changes


@pytest.mark.parametrize("status", [401, 403, 503])
def test_providers_that_a_refresh_may_not_see_are_not_gone(status: int, api: ApiServer) -> None:
    api.status, state = status, _state(api.kubeconfig)
    read = _provider().read("clusterctl", state)
    assert (read.id, read.outs) == ("clusterctl", state)
    assert read.inputs == {key: value for key, value in state.items() if key != "cert_manager"}


@pytest.mark.parametrize("user", [{"token": "t"}, EXPIRED])
def test_providers_that_a_refresh_does_not_reach_are_not_gone(user: dict[str, Any]) -> None:
    state = _state(kubeconfig(user=user))
    assert _provider().read("clusterctl", state).outs == state


def test_providers_that_are_not_there_are_forgotten(api: ApiServer) -> None:
    assert not _provider().read("clusterctl", _state(api.kubeconfig)).id


@pytest.fixture
def guarded() -> dict[str, Any]:
    """What the guard knows, of a cluster into which nobody is signed in."""
    return {"name": "dev", "kubeconfig": kubeconfig(user=EXPIRED)}


@pytest.mark.parametrize("choice", ["refuse", "drain", "detach"])
def test_a_teardown_without_a_login_deletes_nothing_and_says_how_to_go_on(choice: str, guarded: dict[str, Any]) -> None:
    with pytest.raises(ExternalError, match=r"AADSTS70043.*SLIPWAY_TEARDOWN_UNCHECKED=dev pulumi destroy"):
        teardown_guard.answer(choice, guarded)


def test_a_teardown_that_asks_nothing_needs_no_login(guarded: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(teardown_guard.UNCHECKED, "dev")
    teardown_guard.answer("refuse", guarded)


def _admit(text: str) -> None:
    admission._Door().create({"kubeconfig": text})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a new role assignment is waited for."""
    monkeypatch.setattr(admission, "COMING_UP", 0.0)
    monkeypatch.setattr(admission, "INTERVAL", 0.01)


def test_an_administrator_is_admitted(api: ApiServer) -> None:
    _admit(api.kubeconfig)


def test_nobody_waits_for_a_login() -> None:
    with pytest.raises(NotSignedIn, match=r"AADSTS70043.*az login"):
        _admit(kubeconfig(user=EXPIRED))


@pytest.mark.usefixtures("impatient")
def test_an_api_server_out_of_reach_is_soon_said_to_be() -> None:
    with pytest.raises(ExternalError, match=r"does not answer.*privateApiServer.*authorizedIpRanges") as failed:
        _admit(kubeconfig())
    assert "adminGroups" not in str(failed.value)


@pytest.mark.usefixtures("impatient")
def test_a_role_assignment_that_takes_its_time_is_waited_for(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.admin, asked = False, []

    def wait(_: float) -> None:
        asked.append(1)
        api.admin = len(asked) == 3

    monkeypatch.setattr(time, "sleep", wait)
    _admit(api.kubeconfig)
    assert len(asked) == 3


@pytest.mark.usefixtures("impatient")
def test_who_never_becomes_an_administrator_is_told_who_is(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PATIENCE", 0.05)
    api.admin = False
    with pytest.raises(ExternalError, match="adminGroups"):
        _admit(api.kubeconfig)


def test_an_api_server_that_has_just_come_up_is_waited_for(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.status = 401
    monkeypatch.setattr(time, "sleep", lambda _: setattr(api, "status", 200))
    _admit(api.kubeconfig)
