"""An upgrade of Kubernetes: the control plane first, then another node for each, before the old one goes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from local_azure.clusters import Clusters, PoolSpec
from local_azure.toolchain import Toolchain
from tests.machine.cluster import Cluster, spec

OLD, NEW = "1.36.2", "1.36.3"
NAME = "upgraded"


@pytest.fixture(scope="module")
def cluster(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A cluster of the older version, with one node."""
    clusters.create(replace(spec(NAME), kubernetes_version=OLD))
    clusters.set_pool(spec(NAME).resource_id, PoolSpec("system", 1, kubernetes_version=OLD))
    return Cluster(clusters, tools, NAME, tmp_path_factory.mktemp("kubeconfig"))


def test_the_control_plane_goes_first_and_the_nodes_follow(cluster: Cluster, clusters: Clusters) -> None:
    cluster.rolled_out("coredns")
    before = cluster.nodes()
    assert (_server(cluster), _kubelets(cluster)) == (f"v{OLD}", {f"v{OLD}"})

    clusters.create(replace(cluster.spec, kubernetes_version=NEW))
    assert (_server(cluster), _kubelets(cluster)) == (f"v{NEW}", {f"v{OLD}"})

    clusters.set_pool(cluster.spec.resource_id, PoolSpec("system", 1, kubernetes_version=NEW))
    assert _kubelets(cluster) == {f"v{NEW}"}
    assert len(cluster.nodes()) == 1
    assert not set(before) & set(cluster.nodes())
    cluster.rolled_out("coredns")


def _server(cluster: Cluster) -> str:
    return str(json.loads(cluster.kubectl("get", "--raw", "/version"))["gitVersion"])


def _kubelets(cluster: Cluster) -> set[str]:
    return {node["status"]["nodeInfo"]["kubeletVersion"] for node in cluster.get("nodes")["items"]}
