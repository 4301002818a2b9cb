"""A cluster is a real one: its pods start, find services, names and the API server, and survive what machines do."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from local_azure.clusters import Clusters, PoolSpec
from local_azure.instance import REGISTRY, SIMULATOR
from local_azure.machine import processes
from local_azure.toolchain import Toolchain
from tests.machine.cluster import Cluster, soon, spec

NAME = "one"
API_SERVER = "kubernetes.default.svc.cluster.local"


@pytest.fixture(scope="module")
def cluster(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A cluster with one node."""
    clusters.create(spec(NAME))
    clusters.set_pool(spec(NAME).resource_id, PoolSpec("system", 1))
    return Cluster(clusters, tools, NAME, tmp_path_factory.mktemp("kubeconfig"))


def test_its_node_is_ready_and_named_as_in_aks(cluster: Cluster) -> None:
    [node] = cluster.nodes()
    assert node.startswith("aks-system-")
    assert node.endswith("-vmss000000")


def test_its_node_may_not_change_other_nodes(cluster: Cluster) -> None:
    [node] = cluster.nodes()
    allowed = ["auth", "can-i", "--list", f"--as=system:node:{node}", "--as-group=system:nodes"]
    assert "secrets" not in cluster.kubectl(*allowed)


def test_a_pod_that_needs_the_api_server_becomes_available(cluster: Cluster) -> None:
    # CoreDNS is ready only when it has read all services from the API server, by that one's service address.
    cluster.rolled_out("coredns")


def test_logs_and_exec_reach_into_a_pod(cluster: Cluster) -> None:
    assert "CoreDNS-1.15" in cluster.kubectl("-n", "kube-system", "logs", "deployment/coredns")
    said = cluster.kubectl("-n", "kube-system", "exec", "deployment/coredns", "--", "/coredns", "-version")
    assert "CoreDNS-1.15" in said


def test_services_have_names_and_their_addresses_lead_to_pods(cluster: Cluster) -> None:
    cluster.rolled_out("coredns")
    assert soon(lambda: cluster.lookup(API_SERVER) == str(cluster.spec.services[1]))


def test_azure_is_found_by_its_public_names(cluster: Cluster) -> None:
    assert cluster.lookup("management.azure.com") == str(SIMULATOR)
    assert cluster.lookup("login.microsoftonline.com") == str(SIMULATOR)
    assert cluster.lookup("ghcr.io") == str(REGISTRY)
    assert cluster.lookup(cluster.spec.fqdn).startswith("172.31.")


def test_other_names_do_not_exist(cluster: Cluster) -> None:
    assert cluster.lookup("example.com") == "no such name"


def test_the_api_server_reaches_pods_as_it_does_for_webhooks(cluster: Cluster) -> None:
    pod = cluster.get("-n", "kube-system", "pods", "-l", "k8s-app=kube-dns")["items"][0]["metadata"]["name"]
    ready = f"/api/v1/namespaces/kube-system/pods/{pod}:8181/proxy/ready"
    assert cluster.kubectl("get", "--raw", ready) == "OK"


def test_doing_all_of_it_again_changes_nothing(cluster: Cluster, clusters: Clusters) -> None:
    before = {name: processes.recorded(name) for name in processes.names()}
    clusters.create(cluster.spec)
    clusters.set_pool(cluster.spec.resource_id, PoolSpec("system", 1))
    clusters.resume()
    assert {name: processes.recorded(name) for name in processes.names()} == before


def test_a_label_of_the_pool_comes_and_goes(cluster: Cluster, clusters: Clusters) -> None:
    for labels in ({"team": "a"}, {}):
        clusters.set_pool(cluster.spec.resource_id, PoolSpec("system", 1, labels=labels))
        [node] = cluster.get("nodes")["items"]
        assert node["metadata"]["labels"].get("team") == labels.get("team")


def test_pods_on_two_nodes_reach_each_other(cluster: Cluster, clusters: Clusters) -> None:
    clusters.set_pool(cluster.spec.resource_id, PoolSpec("system", 2))
    assert len(cluster.nodes()) == 2
    [pod] = cluster.get("-n", "kube-system", "pods", "-l", "k8s-app=kube-dns")["items"]
    for node in (0, 1):
        assert cluster.lookup(API_SERVER, pod["status"]["podIP"], node) == str(cluster.spec.services[1])


def test_scaling_in_moves_the_pods_away_and_removes_the_newest_node(cluster: Cluster, clusters: Clusters) -> None:
    oldest = min(cluster.nodes())
    cluster.kubectl("-n", "kube-system", "delete", "pods", "-l", "k8s-app=kube-dns")
    clusters.set_pool(cluster.spec.resource_id, PoolSpec("system", 1))
    assert [node["metadata"]["name"] for node in cluster.get("nodes")["items"]] == [oldest]
    cluster.rolled_out("coredns")


def test_nothing_is_lost_when_every_process_is_killed(cluster: Cluster, clusters: Clusters) -> None:
    cluster.kubectl("create", "configmap", "written-before")
    for name in processes.names("cluster-"):
        process = processes.recorded(name)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    assert soon(lambda: not any(processes.alive(name) for name in processes.names("cluster-")))
    clusters.resume()
    assert cluster.get("configmap", "written-before")["metadata"]["name"] == "written-before"
    assert cluster.nodes()


def test_pods_run_again_after_stop_and_resume(cluster: Cluster, clusters: Clusters) -> None:
    clusters.stop()
    assert not any(processes.alive(name) for name in processes.names("cluster-"))
    clusters.resume()
    assert soon(lambda: cluster.lookup(API_SERVER) == str(cluster.spec.services[1]))


def test_a_second_cluster_with_the_same_networks_is_a_world_of_its_own(
    cluster: Cluster, clusters: Clusters, tools: Toolchain, tmp_path: Path
) -> None:
    clusters.create(spec("two"))
    clusters.set_pool(spec("two").resource_id, PoolSpec("system", 1))
    other = Cluster(clusters, tools, "two", tmp_path)
    other.rolled_out("coredns")
    other.kubectl("create", "service", "externalname", "only-here", "--external-name=ghcr.io")
    assert soon(lambda: other.lookup("only-here.default.svc.cluster.local") == str(REGISTRY))
    assert cluster.lookup("only-here.default.svc.cluster.local") == "no such name"
    assert clusters.jwks(cluster.spec.resource_id) != clusters.jwks(other.spec.resource_id)
    clusters.delete(other.spec.resource_id)
    assert [each.name for each in clusters.list()] == [NAME]
    assert cluster.lookup(cluster.spec.fqdn) == str(clusters.address(cluster.spec.resource_id))
