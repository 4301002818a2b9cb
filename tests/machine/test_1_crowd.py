"""A crowd: clusters that share a control plane, whose nodes are ready though there is no machine, and which all go."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_azure.clusters import Clusters, PoolSpec
from local_azure.clusters.crowd import Crowd
from local_azure.command import run
from local_azure.machine import azure_dns, network
from local_azure.toolchain import Toolchain
from tests.machine.cluster import spec

Nodes = Callable[[int], list[Any]]
NAMES = ("crowd-1", "crowd-2")
SPECS = [replace(spec(name), crowd=True, entra=True, authorize_url="https://172.31.224.2/aks/any") for name in NAMES]


@pytest.fixture(scope="module")
def crowd(clusters: Clusters, tools: Toolchain) -> Crowd:
    """Two clusters of a crowd, with a node each."""
    made = Crowd(clusters, tools.bin)
    for each in SPECS:
        made.create(each)
        made.set_pool(each.resource_id, PoolSpec("system", 1, kubernetes_version="1.36.3"))
    return made


@pytest.fixture(scope="module")
def kubeconfig(crowd: Crowd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leads the administrator of one of them to their control plane."""
    file = tmp_path_factory.mktemp("kubeconfig") / "crowd.kubeconfig"
    file.write_text(crowd.admin_kubeconfig(SPECS[0].resource_id))
    return file


@pytest.fixture(scope="module")
def nodes(kubeconfig: Path, tools: Toolchain) -> Nodes:
    """Finds the nodes by which a provider knows one of the clusters, by its place in SPECS."""

    def find(number: int) -> list[Any]:
        group = SPECS[number].node_resource_group
        labels = f"kubernetes.azure.com/agentpool=system,kubernetes.azure.com/cluster={group}"
        words = ["get", "nodes", "--selector", labels, "-o", "json"]
        found: list[Any] = json.loads(run([tools.bin / "kubectl", "--kubeconfig", kubeconfig, *words]))["items"]
        return found

    return find


def test_each_has_its_own_ready_node_at_one_control_plane(clusters: Clusters, nodes: Nodes) -> None:
    assert [each.name for each in clusters.list()] == ["shared-1"]
    for number, name in enumerate(NAMES):
        [node] = nodes(number)
        assert f"resourceGroups/MC_test_{name}_swedencentral/" in node["spec"]["providerID"]
        assert [each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready"] == ["True"]


def test_their_kubeconfigs_and_names_lead_there(crowd: Crowd, clusters: Clusters) -> None:
    [shared] = clusters.list()
    address = clusters.address(shared.resource_id)
    for each in SPECS:
        for text in (crowd.user_kubeconfig(each.resource_id), crowd.admin_kubeconfig(each.resource_id)):
            assert yaml.safe_load(text)["clusters"][0]["cluster"]["server"] == f"https://{address}:443"
        assert azure_dns.published()[each.fqdn] == address


def test_pools_change(crowd: Crowd, nodes: Nodes) -> None:
    for count in (3, 1):
        crowd.set_pool(SPECS[0].resource_id, PoolSpec("system", count, kubernetes_version="1.36.3"))
        assert len(nodes(0)) == count
    assert len(nodes(1)) == 1


def test_the_control_plane_goes_with_the_last_of_them(crowd: Crowd, clusters: Clusters, nodes: Nodes) -> None:
    crowd.delete(SPECS[0].resource_id)
    assert (nodes(0), len(nodes(1))) == ([], 1)
    for _ in range(2):  # the second time there is nothing, which is fine
        crowd.delete(SPECS[1].resource_id)
    assert clusters.list() == []
    assert not [each for each in network.namespaces() if each.endswith("-cp")]
