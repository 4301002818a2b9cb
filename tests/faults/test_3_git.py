"""The fleet repository is unreachable, force-pushed, rolled back; a cluster is moved in it."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from local_azure import first_cluster, git_server, services
from local_azure.machine import processes
from local_azure.toolchain import ensure
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.e2e.second import SECOND, add, merge
from tests.faults.management import changed
from tests.faults.settled import ready


@pytest.mark.fault(21)
def test_an_unreachable_repository_is_reported_and_nothing_changes(fleet: Local) -> None:
    began = time.time()
    processes.stop("git-server")
    try:
        eventually(lambda: source(fleet) == "False", 180, "the source saying that it cannot be read")
        assert re.search("^GitRepository fleet: failed to checkout", fleet.status(), re.MULTILINE)
        assert fleet.available(FIRST)
        assert changed(fleet, began) == []
    finally:
        services.start(ensure(), lambda _: None)
    eventually(lambda: source(fleet) == "True", 180, "the source")


@pytest.mark.fault(21)
def test_a_repository_that_was_rolled_back_costs_no_cluster(local: Local, with_second: None) -> None:
    before = first_cluster.git(local.env, "ls-remote", _url(), "refs/heads/main").split()[0]
    merge(local, "Add", add)
    eventually(lambda: local.available(SECOND), 300, SECOND)
    began = time.time()
    _force(local, before)
    local.reconcile(MANAGEMENT, "source", "git", "fleet")
    assert revision(local).endswith(before)
    survivor = f"the Cluster {SECOND} runs on: Git has it no more"
    eventually(lambda: survivor in local.status(), 60, "the survivor in the status")
    assert local.get(MANAGEMENT, "cluster", SECOND, "-n", CLUSTERS) is not None
    assert local.requests(began, method="DELETE") == []
    assert f"{SECOND}: Git has it no more" in local.status()


@pytest.mark.fault(23)
def test_a_malformed_file_holds_up_its_own_wave_and_costs_nothing(local: Local, with_second: None) -> None:
    """As somebody merges it past the check of the pull request."""
    began = time.time()

    def malformed(fleet: Path) -> None:
        add(fleet)
        (fleet / merges.CLUSTERS / SECOND / "cluster.yaml").write_text("kind: Cluster\n metadata: {name\n")

    commit = local.commit("Add a malformed cluster", malformed)
    local.reconcile(MANAGEMENT, "source", "git", "fleet")
    said = rf"clusters/{SECOND}.*MalformedYAMLError: yaml: line 2.* in File: cluster.yaml"
    eventually(lambda: re.search(said, local.status()), 120, "the file and the line in the status")
    for other in ("dev-canary", "staging", "production"):
        eventually(lambda: _applied(local, other).endswith(commit), 120, f"the commit in {other}")  # noqa: B023
    assert not _applied(local, "dev").endswith(commit)
    assert local.available(FIRST)
    assert changed(local, began) == []


def _applied(local: Local, wave: str) -> str:
    """The revision that a wave has."""
    found = local.get(MANAGEMENT, "kustomization", wave, "-n", "flux-system")
    return str(found["status"].get("lastAppliedRevision", ""))


@pytest.mark.fault(4)
def test_a_cluster_moved_to_another_environment_stays_what_it_is(fleet: Local) -> None:
    """Staging has another tier, so the request says in the same commit that it keeps its own."""
    began, before = time.time(), _cluster(fleet)["metadata"]["uid"]
    keep = ("topology:\n", "topology:\n    variables: [{name: tier, value: Free}]\n")
    for source, target, change in (("dev", "staging", keep), ("staging", "dev", keep[::-1])):
        fleet.commit(f"Move {FIRST} to {target}", lambda tree: _move(tree, source, target, change))  # noqa: B023
        fleet.reconcile(MANAGEMENT, "source", "git", "fleet")
        eventually(lambda: _cluster(fleet)["metadata"]["labels"]["environment"] == target, 120, f"it in {target}")  # noqa: B023
        ready(fleet)
        assert _cluster(fleet)["metadata"]["uid"] == before
    assert changed(fleet, began) == []


def _move(tree: Path, source: str, target: str, change: tuple[str, str]) -> None:
    request = tree / "environments" / source / "clusters" / FIRST / "cluster.yaml"
    request.write_text(request.read_text().replace(*change))
    request.parent.rename(tree / "environments" / target / "clusters" / FIRST)


def _cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)


def _force(local: Local, commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        first_cluster.git(
            local.env, "-C", checkout, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/main"
        )


def _url() -> str:
    return git_server.url("fleet")


def source(local: Local) -> str:
    """Whether Flux can read the fleet repository: True, False, or empty."""
    found = local.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")
    conditions = (found or {}).get("status", {}).get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == "Ready"), "")


def revision(local: Local) -> str:
    """What Flux has of it."""
    found = local.get(MANAGEMENT, "gitrepository", "fleet", "-n", "flux-system")
    return str(found["status"]["artifact"]["revision"])
