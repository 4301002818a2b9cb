"""Nothing is deleted by accident: what the YAML itself can guard, it guards."""

from __future__ import annotations

import pytest
import yaml

from tests.fleet.rendering import REPOSITORY, Fleet, Object, kustomize

PRUNE = "kustomize.toolkit.fluxcd.io/prune"
POLICY = "serviceoperator.azure.com/reconcile-policy"


def test_a_file_removed_from_git_removes_no_cluster(fleet: Fleet) -> None:
    fleet.request("first")
    assert fleet.environment().one("Cluster", "first")["metadata"]["annotations"][PRUNE] == "disabled"


@pytest.mark.parametrize("path", ["classes", "classes/templates"])
def test_a_class_outlives_its_clusters(path: str) -> None:
    assert {each["metadata"]["annotations"][PRUNE] for each in kustomize(REPOSITORY / path)} == {"disabled"}


def test_deleting_a_kustomization_deletes_nothing_that_it_applied(fleet: Fleet) -> None:
    fleet.request("first")
    applied = [*kustomize(REPOSITORY / "management"), *fleet.environment()]
    kustomizations = [each for each in applied if each["kind"] == "Kustomization"]
    assert {each["spec"]["deletionPolicy"] for each in kustomizations} == {"Orphan"}


def classes() -> list[Object]:
    return [each for each in kustomize(REPOSITORY / "classes") if each["kind"] == "ClusterClass"]


def test_every_class_is_named_by_its_version() -> None:
    assert [each["metadata"]["name"] for each in classes()] == ["aks-v1"]


def test_every_azure_object_of_a_class_says_its_reconcile_policy() -> None:
    # Azure Service Operator takes a value that it does not know for `manage`, so that a typo would go unseen.
    for cluster_class in classes():
        for patch in cluster_class["spec"]["patches"]:
            template = patch["definitions"][0]["jsonPatches"][0]["valueFrom"]["template"]
            kinds, policies = template.count("- apiVersion:"), template.count(f"{POLICY}: manage\n")
            assert kinds == policies > 0, patch["name"]


def test_no_workload_runs_as_root_or_without_limits() -> None:
    deployments = [each for each in kustomize(REPOSITORY / "workloads/base") if each["kind"] == "Deployment"]
    assert deployments
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"]["memory"]
            assert not container["image"].endswith(":latest")


def test_every_file_is_yaml_or_text_for_people() -> None:
    files = [path for path in REPOSITORY.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if path.name != "CODEOWNERS"} == {".yaml", ".md"}
    for path in files:
        if path.suffix == ".yaml":
            assert list(yaml.safe_load_all(path.read_text()))
