"""The controllers' policy on a real API server: upstream's manifests become what controllers.py says, and stay so."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from external.command import ExternalError
from infra.controller_settings import ControllerSettings
from infra.setting_group import config_key
from local_azure.clusters import Clusters
from local_azure.toolchain import Toolchain
from management_cluster import controllers, running_controllers, versions
from management_cluster.controller_policy import API, NAME, policy_of
from management_cluster.controllers import Controller, by_clusterctl
from management_cluster.running_controllers import RunningControllers
from tests.machine.cluster import Cluster, soon, spec

CAPI = ("deployment", "capi-controller-manager", "--namespace=capi-system")
MANIFESTS = (
    f"cluster-api/{versions.CLUSTER_API}/core-components.yaml",
    f"bootstrap-kubeadm/{versions.CLUSTER_API}/bootstrap-components.yaml",
    f"control-plane-kubeadm/{versions.CLUSTER_API}/control-plane-components.yaml",
    f"infrastructure-azure/{versions.AZURE_PROVIDER}/infrastructure-components.yaml",
    "cert-manager/*/cert-manager.yaml",
)


class Plane:
    """A cluster without nodes: what is admitted is looked at, nothing has to run."""

    def __init__(self, cluster: Cluster, kubeconfig: str, tools: Toolchain) -> None:
        self.cluster = cluster
        self.running = RunningControllers(kubeconfig)
        self._releases = tools.releases

    def bind(self, wanted: list[Controller]) -> None:
        """Put the policy in force."""
        places = {each.namespace for each in wanted}
        self._apply(
            *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}} for place in places),
            _object("MutatingAdmissionPolicy", policy_of(wanted)),
            _object("MutatingAdmissionPolicyBinding", {"policyName": NAME}),
        )

    def install(self) -> None:
        """Apply upstream's Deployments."""
        for pattern in MANIFESTS:
            (file,) = self._releases.glob(pattern)
            documents = yaml.load_all(file.read_text(), yaml.CSafeLoader)
            self._apply(*(each for each in documents if each and each["kind"] == "Deployment"))

    def missing(self, wanted: list[Controller]) -> dict[str, list[str]]:
        """What is not as wanted, by controller."""
        asked = controllers.wanted(wanted)
        found = self.running.effects(asked)
        return {
            key: lines for key in asked if (lines := running_controllers.differences(found.get(key, {}), asked[key]))
        }

    def _apply(self, *documents: Any) -> None:
        self.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(documents))


def _object(kind: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": NAME}, "spec": about}


def run_for(size: int, replicas: int) -> list[Controller]:
    """The controllers of a fleet of this size."""
    given = {config_key("fleet_size"): size, config_key("controller_replicas"): replicas}
    return by_clusterctl(ControllerSettings.model_validate(given))


@pytest.fixture(scope="module")
def plane(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Plane:
    """The policy for 1000 clusters, then upstream's Deployments."""
    clusters.create(spec("plane"))
    cluster = Cluster(clusters, tools, "plane", tmp_path_factory.mktemp("kubeconfig"))
    plane = Plane(cluster, clusters.admin_kubeconfig(cluster.spec.resource_id), tools)
    plane.bind(run_for(1000, 2))
    assert soon(lambda: _in_force(plane)), "the policy is not in force"
    plane.install()
    return plane


def _in_force(plane: Plane) -> bool:
    """An API server takes a second to see a policy."""
    create = ("create", *CAPI, "--image=none", "--dry-run=server", "-o", "json")
    made = json.loads(plane.cluster.kubectl(*create))
    return bool(made["spec"]["template"]["spec"].get("priorityClassName"))


def test_what_is_installed_is_shaped_at_once(plane: Plane) -> None:
    assert plane.missing(run_for(1000, 2)) == {}
    assert plane.cluster.get(*CAPI)["metadata"]["generation"] == 1


def test_upstreams_arguments_and_node_selectors_are_kept(plane: Plane) -> None:
    operator = plane.cluster.get("deployment", "azureserviceoperator-controller-manager", "--namespace=capz-system")
    pod = operator["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.azure.com/agentpool": "controllers"}
    assert "--enable-leader-election" in pod["containers"][0]["args"]
    assert "POD_NAMESPACE" in {each["name"] for each in pod["containers"][0]["env"]}


def test_clusterctl_can_stop_a_controller_for_an_upgrade(plane: Plane) -> None:
    stopped = plane.cluster.get(*CAPI)
    stopped["spec"]["replicas"] = 0
    plane.cluster.kubectl("replace", "-f", "-", stdin=json.dumps(stopped))
    assert plane.cluster.get(*CAPI)["spec"]["replicas"] == 0


def test_a_smaller_fleet_takes_the_arguments_of_a_larger_one_away(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = run_for(10, 1)
    plane.bind(smaller)
    monkeypatch.setattr(running_controllers, "PATIENCE", 10.0)  # nothing is rolled out without nodes
    with pytest.raises(ExternalError, match="not rolled out"):
        plane.running.settle(controllers.wanted(smaller), lambda _: None)
    assert plane.missing(smaller) == {}
    args = plane.cluster.get(*CAPI)["spec"]["template"]["spec"]["containers"][0]["args"]
    assert [each for each in args if "concurrency" in each or "kube-api" in each] == []
