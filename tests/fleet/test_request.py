"""A cluster is one small request: what a person writes, and what follows from it."""

from __future__ import annotations

import re

import pytest

from tests.fleet.rendering import REPOSITORY, REQUESTS, Fleet, RenderingError

FIRST = (REQUESTS / "first" / "cluster.yaml").read_text()


def test_a_request_has_at_most_twelve_lines() -> None:
    lines = [line for file in (REQUESTS / "first").iterdir() for line in file.read_text().splitlines() if line.strip()]
    assert len(lines) <= 12


def test_the_readme_shows_this_very_request() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    shown = re.findall(r"```yaml\n# \S*/(\S+)\n(.*?)```", readme, re.DOTALL)
    assert dict(shown) == {file.name: file.read_text() for file in (REQUESTS / "first").iterdir()}


def test_the_seed_has_no_cluster(fleet: Fleet) -> None:
    for environment in ("dev", "staging", "production"):
        assert fleet.environment(environment) == []


def test_the_hundredth_cluster_touches_no_file_but_its_own(fleet: Fleet) -> None:
    for number in range(1, 100):
        fleet.request(f"c{number}")
    before = {path: path.read_bytes() for path in fleet.path.rglob("*") if path.is_file()}
    added = fleet.request("c100")

    changed = {path for path in fleet.path.rglob("*") if path.is_file() and before.get(path) != path.read_bytes()}
    assert changed == set(added.iterdir())
    assert len([each for each in fleet.environment() if each["kind"] == "Cluster"]) == 100


def test_clusters_share_no_object(fleet: Fleet) -> None:
    for name in ("blue", "blue-2", "cluster", "team-a-cluster"):
        fleet.request(name)
    names = fleet.environment().names()
    assert len(names) == len(set(names)) == 4 * 3
    assert {"Kustomization/blue-2-agent", "Kustomization/cluster-sync", "Cluster/team-a-cluster"} <= set(names)


def test_names_follow_from_the_cluster(fleet: Fleet) -> None:
    fleet.request("team-a-blue")
    rendered = fleet.environment()
    agent, sync = (rendered.one("Kustomization", f"team-a-blue-{part}")["spec"] for part in ("agent", "sync"))
    assert (
        agent["kubeConfig"]["secretRef"]["name"] == sync["kubeConfig"]["secretRef"]["name"] == "team-a-blue-kubeconfig"
    )
    assert sync["postBuild"]["substituteFrom"] == [{"kind": "Secret", "name": "fleet-git-values"}]
    assert sync["postBuild"]["substitute"]["cluster_name"] == "team-a-blue"


def test_version_class_region_and_sizes_come_from_the_environment(fleet: Fleet) -> None:
    fleet.request("first")
    cluster = fleet.environment().one("Cluster", "first")
    assert cluster["metadata"]["labels"] == {
        "environment": "dev",
        "ring": "clusters",
        "region": "northeurope",
        "gpu": "false",
    }
    assert cluster["spec"]["topology"]["version"] == "v1.36.3"
    assert cluster["spec"]["topology"]["classRef"]["name"] == "aks-v1"
    assert cluster["spec"]["topology"]["variables"] == [
        {"name": "location", "value": "northeurope"},
        {"name": "defaults", "value": {"vmSize": "Standard_D2s_v5", "tier": "Free"}},
    ]


def test_a_setting_of_the_environment_wins_over_the_management_cluster(fleet: Fleet) -> None:
    settings = fleet.path / "environments/dev/settings.yaml"
    settings.write_text(settings.read_text() + "  location: westeurope\n")
    fleet.request("first")
    assert fleet.environment().one("Cluster", "first")["metadata"]["labels"]["region"] == "westeurope"


def test_a_request_may_choose_its_region(fleet: Fleet) -> None:
    fleet.request("first", FIRST.replace("name: first", "name: first\n  labels: {region: swedencentral}"))
    cluster = fleet.environment().one("Cluster", "first")
    assert cluster["metadata"]["labels"]["region"] == "swedencentral"
    assert {"name": "location", "value": "swedencentral"} in cluster["spec"]["topology"]["variables"]
    assert fleet.on_cluster("first").one("ConfigMap", "cluster-info")["data"]["region"] == "swedencentral"


def test_a_request_keeps_the_variables_that_it_sets(fleet: Fleet) -> None:
    own = "    variables:\n    - {name: vmSize, value: Standard_D8s_v5}\n    workers:"
    fleet.request("first", FIRST.replace("    workers:", own))
    variables = fleet.environment().one("Cluster", "first")["spec"]["topology"]["variables"]
    assert {"name": "vmSize", "value": "Standard_D8s_v5"} in variables
    assert {"name": "location", "value": "northeurope"} in variables


def test_pools_inside_a_cluster_of_azure_service_operator_have_its_version_and_later_ones_none(fleet: Fleet) -> None:
    later = "apiVersion: containerservice.azure.com/v1api20240901\nkind: ManagedClustersAgentPool\n"
    later += "metadata: {name: straight-apps}\nspec: {azureName: apps, count: 1, mode: User}\n"
    straight = (REQUESTS / "straight" / "cluster.yaml").read_text()
    fleet.request("straight", f"{straight}---\n{later}", "straight")
    rendered = fleet.environment()
    cluster = rendered.one("ManagedCluster", "straight")["spec"]
    assert [each["orchestratorVersion"] for each in cluster["agentPoolProfiles"]] == [cluster["kubernetesVersion"]]
    assert rendered.one("ManagedClustersAgentPool", "straight-apps")["spec"] == {
        "azureName": "apps",
        "count": 1,
        "mode": "User",
        "owner": {"name": "straight"},
        "type": "VirtualMachineScaleSets",
    }


def test_two_clusters_in_one_directory_are_refused(fleet: Fleet) -> None:
    fleet.request("first", f"{FIRST}---\n{FIRST.replace('name: first', 'name: second')}")
    with pytest.raises(RenderingError, match="multiple matches"):
        fleet.environment()
