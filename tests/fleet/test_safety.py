"""Nothing is deleted by accident: what the YAML itself can guard, it guards."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.fleet.rendering import REPOSITORY, REQUESTS, Fleet, Object, kustomize

PRUNE = "kustomize.toolkit.fluxcd.io/prune"
APPROVED = "slipway.dev/deletion-approved"
POLICY = "serviceoperator.azure.com/reconcile-policy"


def test_a_file_removed_from_git_removes_no_cluster(fleet: Fleet) -> None:
    fleet.request("first")
    assert fleet.environment().one("Cluster", "first")["metadata"]["annotations"][PRUNE] == "disabled"


def test_an_approved_deletion_is_carried_out_when_the_file_is_removed(fleet: Fleet) -> None:
    request = (REQUESTS / "first" / "cluster.yaml").read_text()
    approval = f"\n  annotations: {{{APPROVED}-by: jane, {APPROVED}-until: '2030-01-31T18:00:00Z'}}"
    fleet.request("first", request.replace("name: first", f"name: first{approval}"))
    fleet.request("second")
    rendered = fleet.environment()
    assert set(rendered.one("Cluster", "first")["metadata"]["annotations"]) == {f"{APPROVED}-by", f"{APPROVED}-until"}
    assert rendered.one("Cluster", "second")["metadata"]["annotations"][PRUNE] == "disabled"


def test_every_guard_is_bound_refuses_and_fails_closed() -> None:
    guards = kustomize(REPOSITORY / "policies")
    policies, bindings = (
        {each["metadata"]["name"]: each["spec"] for each in guards if each["kind"] == kind}
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    )
    mutating, bound = (
        [each["metadata"]["name"] for each in guards if each["kind"] == kind]
        for kind in ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding")
    )
    assert policies
    assert mutating == bound
    assert {spec["policyName"] for spec in bindings.values()} == policies.keys()
    assert {tuple(spec["validationActions"]) for spec in bindings.values()} == {("Deny",)}
    assert {spec["failurePolicy"] for spec in policies.values()} == {"Fail"}


def test_no_cluster_comes_before_the_guards(fleet: Fleet) -> None:
    for wave in ("dev-canary", "dev", "staging-canary", "staging", "production-canary", "production"):
        assert {"name": "policies"} in fleet.wave(wave).one("Kustomization", wave)["spec"]["dependsOn"]


@pytest.mark.parametrize("path", ["classes", "classes/templates"])
def test_a_class_outlives_its_clusters(path: str) -> None:
    assert {each["metadata"]["annotations"][PRUNE] for each in kustomize(REPOSITORY / path)} == {"disabled"}


def test_deleting_a_kustomization_deletes_nothing_that_it_applied(fleet: Fleet) -> None:
    fleet.request("first")
    applied = [*kustomize(REPOSITORY / "management"), *fleet.wave(), *fleet.environment()]
    kustomizations = [each for each in applied if each["kind"] == "Kustomization"]
    assert {each["spec"]["deletionPolicy"] for each in kustomizations} == {"Orphan"}


def classes() -> list[Object]:
    return [each for each in kustomize(REPOSITORY / "classes") if each["kind"] == "ClusterClass"]


def test_every_class_is_named_by_its_version() -> None:
    assert [each["metadata"]["name"] for each in classes()] == ["aks-v1", "self-managed-v1"]


KEPT_UNLESS_APPROVED = re.compile(
    rf"{POLICY}: {{{{.*if .*hasKey .*annotations\).* }}}}manage{{{{ else }}}}detach-on-delete{{{{ end }}}}\n"
)


def test_azure_keeps_a_cluster_whose_deletion_nobody_approved() -> None:
    # Azure Service Operator takes a value that it does not know for `manage`, so that a typo would go unseen.
    # Classic CAPZ writes the annotation itself, on the objects that it makes for an AzureCluster.
    for cluster_class in classes():
        if cluster_class["metadata"]["name"].startswith("self-managed"):
            continue
        for patch in cluster_class["spec"]["patches"]:
            template = patch["definitions"][0]["jsonPatches"][0]["valueFrom"]["template"]
            kinds, kept = template.count("- apiVersion:"), len(KEPT_UNLESS_APPROVED.findall(template))
            assert kinds == kept > 0, patch["name"]
            assert f"{APPROVED}-by" in template


def test_no_file_removed_from_git_switches_a_guard_off() -> None:
    assert {each["metadata"]["annotations"][PRUNE] for each in kustomize(REPOSITORY / "policies")} == {"disabled"}


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
