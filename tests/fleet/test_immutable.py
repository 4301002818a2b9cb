"""What Azure would refuse to change is told before a merge, at the line where a person changed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.validation import report
from fleet.validation.check import Result, validate
from tests.fleet.pull_requests import Repository, git
from tests.fleet.rendering import REQUESTS

CLUSTER = "environments/dev/clusters/shop/cluster.yaml"
LARGER = ("replicas: 1}", "replicas: 1, variables: {overrides: [{name: vmSize, value: Standard_D8s_v5}]}}")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A fleet of four clusters."""
    return Repository(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def repository(fleet: Repository) -> Repository:
    """The same, as it was at first."""
    git(fleet.path, "reset", "--quiet", "--hard", "first")
    git(fleet.path, "clean", "--quiet", "-fd")
    return fleet


def found(repository: Repository) -> Result:
    """What is said of the files as they are, since the last commit."""
    return validate(repository.path, since="HEAD")


def places(result: Result) -> list[tuple[str, str, str]]:
    """File, field and value of each mistake of this rule; there are no others."""
    assert {each.rule for each in result.findings} <= {"immutable"}
    return [(each.file, each.field, each.value) for each in result.findings]


def test_a_pool_of_another_size_is_told_with_the_way_to_do_it(repository: Repository) -> None:
    repository.cluster("shop", LARGER)
    result = found(repository)
    (finding,) = result.findings
    assert str(finding) == (
        f"{CLUSTER}:10:98: spec.topology.workers.machinePools[0].variables.overrides[0].value: Standard_D8s_v5: vmSize "
        "of managedClusters/shop/agentPools/system was Standard_D2s_v5: Azure refuses to change it [immutable]\n"
        "    Add another pool, move the workloads there, then remove this one; see "
        "https://learn.microsoft.com/azure/aks/manage-node-pools#limitations"
    )
    assert result.clusters == 1


def test_code_scanning_gets_it(repository: Repository) -> None:
    repository.cluster("shop", LARGER)
    (run,) = json.loads(report.sarif(found(repository)))["runs"]
    assert "immutable" in {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert [each["ruleId"] for each in run["results"]] == ["immutable"]


def test_a_cluster_that_moves_to_another_region(repository: Repository) -> None:
    repository.cluster("shop", ("name: shop\n", "name: shop\n  labels: {region: westeurope}\n"))
    assert set(places(found(repository))) == {(CLUSTER, "metadata.labels.region", "westeurope")}


def test_a_pool_inside_of_a_managed_cluster(repository: Repository) -> None:
    repository.request("direct", example="straight")
    repository.commit("Another")
    repository.cluster("direct", ("${vm_size}", "Standard_D8s_v5"))
    file = "environments/dev/clusters/direct/cluster.yaml"
    assert places(found(repository)) == [(file, "spec.agentPoolProfiles[0].vmSize", "Standard_D8s_v5")]


def test_what_an_environment_gives_all_its_clusters(repository: Repository) -> None:
    settings = "environments/dev/settings.yaml"
    repository.edit(settings, ("Standard_D2s_v5", "Standard_D4s_v5"))
    assert places(found(repository)) == [(settings, "data.vm_size", "Standard_D4s_v5")]


def test_what_a_class_gives_all_its_clusters(repository: Repository) -> None:
    repository.edit("classes/aks-v1.yaml", ("default: 10.244.0.0/16", "default: 10.128.0.0/16"))
    ((file, field, value),) = places(found(repository))
    assert (file, value) == ("classes/aks-v1.yaml", "10.128.0.0/16")
    assert field.endswith("schema.openAPIV3Schema.default")


@pytest.mark.parametrize("edit", ["a-new-cluster", "a-removed-cluster", "more-nodes", "another-pool"])
def test_what_azure_takes_is_not_told(repository: Repository, edit: str) -> None:
    if edit == "a-new-cluster":
        repository.request("blog")
    elif edit == "a-removed-cluster":
        git(repository.path, "rm", "-rq", str(repository.directory("shop")))
    elif edit == "more-nodes":
        repository.cluster("shop", ("replicas: 1", "replicas: 3"))
    else:
        repository.add_pool("shop", "apps", 3)
    assert found(repository).findings == ()


def test_a_request_that_was_broken_before_can_be_mended(repository: Repository) -> None:
    repository.cluster("shop", ("spec:", "spec: ["))
    repository.commit("Broken")
    (Path(repository.path) / CLUSTER).write_text(
        (REQUESTS / "first/cluster.yaml").read_text().replace("name: first", "name: shop")
    )
    assert found(repository).findings == ()
