"""The guards are gone, and still nothing is deleted in Azure by accident. The request log is the witness."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges, second
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

pytestmark = pytest.mark.faults  # minutes each, so in `make test-faults`

GUARDS = (
    "validatingadmissionpolicies,validatingadmissionpolicybindings,"
    "mutatingadmissionpolicies,mutatingadmissionpolicybindings"
)


@pytest.fixture(scope="module", autouse=True)
def two_clusters(local: Local) -> Iterator[None]:
    """A second cluster, so that all but one can be removed; it goes by two merges."""
    second.merge(local, "Add", second.add)
    eventually(lambda: local.available(second.SECOND), 300, second.SECOND)
    yield
    second.delete(local)


@pytest.fixture
def unguarded(local: Local) -> Iterator[Local]:
    """Somebody took the policies out of Git and deleted them all; Git has them again afterwards."""
    listed: list[str] = []
    _policies(local, "Take the guards out", lambda file: listed.append(_emptied(file)))
    local.run("kubectl", "--context", MANAGEMENT, "delete", GUARDS, "--all")
    yield local
    _policies(local, "Put the guards back", lambda file: file.write_text(listed[0]))
    assert len(local.get(MANAGEMENT, "validatingadmissionpolicies")["items"]) > 1


def _policies(local: Local, message: str, edit: Callable[[Path], object]) -> None:
    local.commit(message, lambda fleet: void(edit(fleet / "policies" / "kustomization.yaml")))
    local.reconcile(MANAGEMENT, "kustomization", "policies", "--with-source")


def _emptied(file: Path) -> str:
    """Leave one policy, as a Kustomization has to have something; returns what the file was."""
    before = file.read_text()
    file.write_text(before.partition("resources:")[0] + "resources: [reconcile-policy.yaml]\n")
    return before


@pytest.mark.fault(10)
def test_a_cluster_deleted_without_guards_runs_on_and_is_adopted(unguarded: Local) -> None:
    began, before = time.time(), uid(unguarded)
    unguarded.run("kubectl", "--context", MANAGEMENT, "delete", "cluster", FIRST, "-n", CLUSTERS, timeout=300)
    for kind, name in (("managedclusters", FIRST), ("managedclustersagentpools", f"{FIRST}-system")):
        what = (f"{kind}.containerservice.azure.com", name, "-n", CLUSTERS)
        eventually(lambda what=what: unguarded.get(MANAGEMENT, *what) is None, 120, f"the end of {what[0]}")  # type: ignore[misc]
    assert unguarded.requests(began, method="DELETE") == []
    assert unguarded.get(FIRST, "nodes")["items"]
    assert f"managedClusters/{FIRST}: runs, and nothing manages it" in unguarded.status("--azure")

    unguarded.reconcile(MANAGEMENT, "kustomization", "dev")
    eventually(lambda: unguarded.available(FIRST), 300, "the adopted cluster")
    assert uid(unguarded) != before
    assert unguarded.requests(began, method="DELETE") == []


@pytest.mark.fault(2, 3)
@pytest.mark.parametrize("emptied", [merges.CLUSTERS, merges.CLUSTERS / FIRST])
def test_removed_directories_cost_no_cluster(unguarded: Local, emptied: Path) -> None:
    began, before = time.time(), uid(unguarded)
    with tempfile.TemporaryDirectory() as saved:
        kept = Path(saved) / "kept"
        merge(unguarded, f"Remove {emptied}", lambda fleet: shutil.move(fleet / emptied, kept))
        assert uid(unguarded) == before
        merge(unguarded, f"Put {emptied} back", lambda fleet: shutil.copytree(kept, fleet / emptied))
    assert uid(unguarded) == before
    assert unguarded.requests(began, method="DELETE") == []


@pytest.mark.fault(5)
def test_deleted_kustomizations_cost_no_cluster(unguarded: Local) -> None:
    began, before = time.time(), uid(unguarded)
    # The root first, or it would put the other back.
    for name in ("fleet", "dev"):
        unguarded.run("kubectl", "--context", MANAGEMENT, "delete", "kustomization", name, "-n", "flux-system")
    assert uid(unguarded) == before
    unguarded.run("pulumi", "up", "--refresh", "--yes", "--skip-preview", timeout=600)
    eventually(lambda: unguarded.get(MANAGEMENT, "kustomization", "dev", "-n", "flux-system"), 120, "the Kustomization")
    unguarded.reconcile(MANAGEMENT, "kustomization", "dev")
    assert uid(unguarded) == before
    assert unguarded.requests(began, method="DELETE") == []


def merge(local: Local, message: str, edit: Callable[[Path], object]) -> None:
    """Commit to main, and wait until Flux has applied that, or says that there is nothing left to apply."""
    commit = local.commit(message, lambda fleet: void(edit(fleet)))
    local.reconcile(MANAGEMENT, "source", "git", "fleet")

    def seen() -> bool:
        status = str(local.get(MANAGEMENT, "kustomization", "dev", "-n", "flux-system")["status"])
        return f"'lastAppliedRevision': 'main@sha1:{commit}'" in status or "path not found" in status

    eventually(seen, 120, f"Flux has seen {message}")


def void(_: object) -> None:
    """What an edit returns is of no interest."""


def uid(local: Local) -> str:
    """That of the Cluster: another one would be another object."""
    return str(local.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"])
