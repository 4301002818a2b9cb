"""The fleet repository is unreachable, force-pushed, rolled back: the last good state is kept, and it is said."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest

from local_azure import first_cluster, git_server, services
from local_azure.machine import processes
from local_azure.toolchain import ensure
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.faults.test_1_azure import SECOND, add_second, available, second, status

__all__ = ["second"]


@pytest.mark.fault(21)
def test_an_unreachable_repository_is_reported_and_nothing_changes(fleet: Local) -> None:
    began = time.time()
    processes.stop("git-server")
    try:
        eventually(lambda: _source(fleet) == "False", 180, "the source saying that it cannot be read")
        assert "GitRepository" in status(fleet) or "fleet" in status(fleet)
        assert available(fleet, FIRST)
        assert fleet.writes(began) == []
    finally:
        services.start(ensure(), lambda _: None)
    eventually(lambda: _source(fleet) == "True", 180, "the source")


@pytest.mark.fault(21)
def test_a_repository_that_was_rolled_back_costs_no_cluster(local: Local, second: Local) -> None:
    before = first_cluster.git(local.env, "ls-remote", _url(), "refs/heads/main").split()[0]
    add_second(local)
    eventually(lambda: available(local, SECOND), 300, SECOND)
    began = time.time()
    _force(local, before)
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
    assert _revision(local).endswith(before)
    assert local.get(MANAGEMENT, "cluster", SECOND, "-n", CLUSTERS) is not None
    assert local.requests(began, method="DELETE") == []
    assert SECOND in status(local)


def _force(local: Local, commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        first_cluster.git(
            local.env, "-C", checkout, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/main"
        )


def _url() -> str:
    return git_server.url("fleet")


def _source(local: Local) -> str:
    found = local.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")
    conditions = (found or {}).get("status", {}).get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == "Ready"), "")


def _revision(local: Local) -> str:
    found = local.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")
    return str(found["status"]["artifact"]["revision"])
