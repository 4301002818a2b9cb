"""A release by waves on a real API server and real Flux: canaries first, and no further than they are well.

What Cluster API says of a Cluster is written by the tests: no cluster is behind it, so that agents are left out.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet import seed
from infra.controller_settings import ControllerSettings
from local_azure import environment, first_cluster, git_server, services
from local_azure.clusters import Clusters, PoolSpec
from local_azure.command import CommandFailed
from local_azure.toolchain import Toolchain
from management_cluster import flux, versions
from management_cluster.controllers import POOL_LABEL, by_flux
from tests.fleet.rendering import RUNTIME_INFO
from tests.machine.cluster import Cluster, soon, spec

NAME = "waves"
CONTROLLERS = ("source-controller", "kustomize-controller")
PATIENCE = 15
"""Seconds in which Flux would have gone on: it looks every five."""

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nothing"}}
REQUEST = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {{name: {name}}}
spec:
  topology:
    classRef: {{name: aks}}
"""


class Fleet:
    """A fleet repository, and the management cluster that follows it."""

    def __init__(self, cluster: Cluster, tools: Toolchain, folder: Path) -> None:
        self.cluster = cluster
        services.start(tools, print)
        self._env = {**environment.variables(tools), **environment.secrets()}
        self._clone = first_cluster.clone(self._env, folder / "fleet")
        self._install(tools)

    def _install(self, tools: Toolchain) -> None:
        core = sorted(tools.releases.glob("cluster-api/*/core-components.yaml"))[-1]
        self._apply(*(each for each in yaml.safe_load_all(core.read_text()) if _is_cluster_definition(each)))
        tuned = flux.tuned(flux.manifests(versions.FLUX), by_flux(ControllerSettings()))
        self._apply(*(each for each in tuned if _is_needed(each)))
        self.cluster.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        self._apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "clusters"}},
            _data("ConfigMap", "runtime-info", RUNTIME_INFO),
            _data("Secret", "fleet-git-values", {"git_username": "", "git_password": ""}),
            _data("Secret", "fleet-git", _credential()),
            _flux(
                "source.toolkit.fluxcd.io/v1",
                "GitRepository",
                {
                    "interval": "5s",
                    "url": git_server.url("fleet"),
                    "ref": {"branch": "main"},
                    "secretRef": {"name": "fleet-git"},
                },
            ),
            _flux(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                {
                    "interval": "10m",
                    "retryInterval": "5s",
                    "path": "./management",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "fleet"},
                },
            ),
        )

    def _apply(self, *documents: Any) -> None:
        self.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(documents))

    def commit(self, message: str, edit: Callable[[Path], object]) -> None:
        """Change the repository's main."""
        edit(self._clone)
        first_cluster.push(self._env, self._clone, message)

    def revert(self) -> None:
        """Roll back the last commit."""
        first_cluster.git(self._env, "-C", self._clone, "revert", "--no-edit", "HEAD")
        first_cluster.git(self._env, "-C", self._clone, "push", "--quiet", "origin", "HEAD:main")

    def get(self, name: str) -> Any:
        """A Cluster; None where there is none."""
        try:
            return self.cluster.get("-n", "clusters", "clusters.cluster.x-k8s.io", name)
        except CommandFailed:
            return None

    def version(self, name: str) -> str:
        """Of Kubernetes, that a cluster is asked to have."""
        found = self.get(name)
        return str(found["spec"]["topology"]["version"]) if found else ""

    def say(self, name: str, status: str = "True") -> None:
        """Be Cluster API, and say how a cluster is with its present spec."""
        generation = self.get(name)["metadata"]["generation"]
        common = {
            "status": status,
            "reason": "Test",
            "message": "said by a test",
            "lastTransitionTime": "2030-01-01T00:00:00Z",
        }
        conditions = [
            {"type": each, "observedGeneration": generation, **common} for each in ("Available", "TopologyReconciled")
        ]
        old = [{"type": each, **common} for each in ("InfrastructureReady", "ControlPlaneReady")]
        said = {
            "observedGeneration": generation,
            "conditions": conditions,
            "deprecated": {"v1beta1": {"conditions": old}},
        }
        patch = json.dumps({"status": said})
        self.cluster.kubectl(
            "-n", "clusters", "patch", "cluster", name, "--subresource=status", "--type=merge", "--patch", patch
        )


def _is_cluster_definition(document: Any) -> bool:
    if not document or document["metadata"]["name"] != "clusters.cluster.x-k8s.io":
        return False
    document["spec"].pop("conversion", None)
    document["spec"]["versions"] = [each for each in document["spec"]["versions"] if each["storage"]]
    return True


def _is_needed(document: Any) -> bool:
    kind, name = document["kind"], document["metadata"]["name"]
    if kind == "Deployment":  # nobody listens to events here, and there is one pool for all
        pod = document["spec"]["template"]["spec"]
        pod["containers"][0]["args"].append("--events-addr=")
        del pod["nodeSelector"][POOL_LABEL]
    return kind not in ("Deployment", "Service", "NetworkPolicy") or name in CONTROLLERS


def _data(kind: str, name: str, data: dict[str, str]) -> Any:
    field = "data" if kind == "ConfigMap" else "stringData"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": flux.NAMESPACE}, field: data}


def _credential() -> dict[str, str]:
    password = git_server.PASSWORD_FILE.read_text()
    return {"username": git_server.USERNAME, "password": password, "ca.crt": environment.CA_BUNDLE.read_text()}


def _flux(api: str, kind: str, fields: Any) -> Any:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "fleet", "namespace": flux.NAMESPACE}, "spec": fields}


def _seed(clone: Path) -> None:
    """The seed with a canary `one` and a cluster `two`, without agents and classes; releases soak for seconds."""
    shutil.copytree(seed.ROOT, clone, dirs_exist_ok=True)
    waves = clone / "management/waves.yaml"
    waves.write_text(waves.read_text().replace("'5m'", "'8s'").replace("interval: 1m", "interval: 4s"))
    for folder in ("classes", "classes/templates"):
        (clone / folder / "nothing.yaml").write_text(yaml.safe_dump(CONFIG_MAP))
        (clone / folder / "kustomization.yaml").write_text("namespace: clusters\nresources: [nothing.yaml]\n")
    agent = clone / "hydration/agent/kustomization.yaml"
    agent.write_text(re.sub(r"- (git|agent|sync)\.yaml\n", "", agent.read_text()))
    _request(clone, "one", "canary")
    _request(clone, "two", "clusters")


def _request(clone: Path, name: str, ring: str) -> None:
    directory = clone / "environments/dev" / ring / name
    directory.mkdir()
    (directory / "cluster.yaml").write_text(REQUEST.format(name=name))
    (directory / "kustomization.yaml").write_text(first_cluster.REQUEST["kustomization.yaml"])


def _release(clone: Path, version: str) -> None:
    file = clone / "environments/dev/release.yaml"
    file.write_text(re.sub(r"(kubernetes_version:) \S+", rf"\1 {version}", file.read_text()))


@pytest.fixture(scope="module")
def fleet(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Both clusters there with the first release, as nothing held them up."""
    folder = tmp_path_factory.mktemp("waves")
    clusters.create(spec(NAME))
    clusters.set_pool(spec(NAME).resource_id, PoolSpec("system", 1))
    fleet = Fleet(Cluster(clusters, tools, NAME, folder), tools, folder)
    fleet.commit("The fleet", _seed)
    assert soon(lambda: fleet.get("one"), 300), fleet.cluster.kubectl("get", "kustomizations", "-A")
    fleet.say("one")
    assert soon(lambda: fleet.get("two"), 120), fleet.cluster.kubectl("get", "kustomizations", "-A")
    return fleet


def test_a_release_reaches_the_canary_and_the_others_when_it_is_well(fleet: Fleet) -> None:
    fleet.commit("v1.37.1", lambda clone: _release(clone, "v1.37.1"))
    assert soon(lambda: fleet.version("one") == "v1.37.1")
    time.sleep(PATIENCE)
    assert fleet.version("two") == "v1.36.3"
    fleet.say("one")
    assert soon(lambda: fleet.version("two") == "v1.37.1")


def test_a_new_request_does_not_wait_for_a_canary(fleet: Fleet) -> None:
    fleet.say("one", "False")
    fleet.commit("Three", lambda clone: _request(clone, "three", "clusters"))
    assert soon(lambda: fleet.version("three") == "v1.37.1")
    fleet.say("one")


def test_a_release_that_makes_the_canary_fail_goes_no_further_and_a_revert_heals(fleet: Fleet) -> None:
    before = fleet.get("two")["metadata"]["generation"]
    fleet.commit("v1.38.0", lambda clone: _release(clone, "v1.38.0"))
    assert soon(lambda: fleet.version("one") == "v1.38.0")
    fleet.say("one", "False")
    time.sleep(PATIENCE)
    waiting = fleet.cluster.get("-n", flux.NAMESPACE, "kustomization", "dev-release")["status"]["conditions"]
    assert "dependency 'flux-system/dev-canary' is not ready" in str(waiting)

    fleet.revert()
    assert soon(lambda: fleet.version("one") == "v1.37.1", 30), "the revert waited for the canary's health"
    fleet.say("one")
    fleet.cluster.kubectl(
        "-n", flux.NAMESPACE, "wait", "kustomization/dev-release", "--for=condition=Ready", "--timeout=60s"
    )
    assert fleet.get("two")["metadata"]["generation"] == before
