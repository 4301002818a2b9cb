"""Parts of the management cluster fail: controllers, webhooks, certificates, API server, etcd, an upgrade."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from local_azure.command import CommandFailed
from management_cluster import versions
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually
from tests.e2e.test_3_provider_versions import INVENTORY, OLDER, clusterctl, installed
from tests.faults.management import Management
from tests.faults.settled import Owners, comes_to_rest

MINUTES = 60.0
CONTROLLERS = ("capi-system", "capz-system", "flux-system")
CRD = "crd/clusters.cluster.x-k8s.io"


@pytest.fixture
def at_rest(local: Local) -> Iterator[Owners]:
    """After each fault of controllers for itself, since it is they who move things."""
    yield from comes_to_rest(local)


def kubectl(local: Local, *words: str, timeout: float = 120) -> str:
    """kubectl on the management cluster."""
    return local.run("kubectl", "--context", MANAGEMENT, *words, timeout=timeout)


@pytest.mark.fault(26)
def test_a_lost_certificate_of_the_webhooks_is_issued_again(fleet: Local) -> None:
    """cert-manager is down meanwhile, and the webhook's pods start without a certificate."""
    kubectl(fleet, "scale", "-n", "cert-manager", "deployment", "--all", "--replicas=0")
    kubectl(fleet, "delete", "-n", "capi-system", "secret", "capi-webhook-service-cert")
    kubectl(fleet, "delete", "-n", "capi-system", "pods", "--all", "--grace-period=1")
    assert fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS) is not None
    kubectl(fleet, "scale", "-n", "cert-manager", "deployment", "--all", "--replicas=1")
    rolled_out(fleet, "cert-manager", "capi-system")
    assert fleet.get(MANAGEMENT, "secret", "capi-webhook-service-cert", "-n", "capi-system") is not None


@pytest.mark.fault(27)
def test_killed_controllers_go_on(fleet: Local) -> None:
    for namespace in CONTROLLERS:
        kubectl(fleet, "delete", "pods", "--all", "-n", namespace, "--grace-period=0", "--force")
    rolled_out(fleet, *CONTROLLERS)


@pytest.mark.fault(27)
def test_a_killed_control_plane_goes_on(fleet: Local) -> None:
    uid = fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"]
    for program in ("apiserver", "etcd"):
        Management(fleet).kill(program)
        eventually(lambda: fleet.get(MANAGEMENT, "namespaces") is not None, 120, "the API server")
        rolled_out(fleet, *CONTROLLERS)
    assert fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"] == uid


@pytest.mark.fault(27)
def test_a_full_disk_of_etcd_refuses_writes_and_nothing_else(fleet: Local) -> None:
    management, note = Management(fleet), ("annotate", "--overwrite", "cluster", FIRST, "-n", CLUSTERS)
    management.disk(full=True)
    try:
        with pytest.raises(CommandFailed, match="database space exceeded"):
            kubectl(fleet, *note, "test.slipway.dev/disk=full")
        assert fleet.available(FIRST)
        time.sleep(60)  # controllers meet it too
    finally:
        management.disk(full=False)
    # Without their leases they ended, and are started again, ever later.
    rolled_out(fleet, "cert-manager", *CONTROLLERS)
    eventually(lambda: writable(fleet), 300, "the webhooks")


@pytest.mark.fault(30)
def test_an_upgrade_that_migrates_stored_objects_loses_none(fleet: Local) -> None:
    """The objects are stored in the older version of their kind when the upgrade comes."""
    uid = fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"]
    clusterctl(fleet, "delete", "")
    clusterctl(fleet, "init", f":{OLDER}", "--wait-providers")
    _store_in(fleet, "v1beta1")
    eventually(lambda: writable(fleet), 300, "the webhooks")
    assert "v1beta1" in _stored(fleet)

    fleet.run("pulumi", "up", "--refresh", "--yes", "--skip-preview", timeout=15 * MINUTES)
    assert {installed(fleet)[name] for name in INVENTORY} == {versions.CLUSTER_API}
    eventually(lambda: _stored(fleet) == ["v1beta2"], 180, "all objects stored in the newer version")
    assert fleet.get(MANAGEMENT, "cluster", FIRST, "-n", CLUSTERS)["metadata"]["uid"] == uid


def writable(local: Local) -> bool:
    """Whether a Cluster can be written, through all its webhooks."""
    try:
        for note in ("test.slipway.dev/written=again", "test.slipway.dev/written-"):
            kubectl(local, "annotate", "--overwrite", "cluster", FIRST, "-n", CLUSTERS, note)
    except CommandFailed:
        return False
    return True


def rolled_out(local: Local, *namespaces: str) -> None:
    """Wait until the deployments of some namespaces are there again."""
    for namespace in namespaces:
        kubectl(local, "rollout", "status", "deployment", "-n", namespace, "--timeout=5m", timeout=400)


def _store_in(local: Local, version: str) -> None:
    found = json.loads(kubectl(local, "get", CRD, "-o", "json"))
    patch = [
        {"op": "replace", "path": f"/spec/versions/{index}/storage", "value": each["name"] == version}
        for index, each in enumerate(found["spec"]["versions"])
    ]
    kubectl(local, "patch", CRD, "--type=json", "-p", json.dumps(patch))


def _stored(local: Local) -> list[str]:
    found: list[str] = json.loads(kubectl(local, "get", CRD, "-o", "json"))["status"]["storedVersions"]
    return found
