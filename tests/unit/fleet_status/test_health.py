"""When a cluster counts as ready, changing or failing, and which words say why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from external.command import ExternalError
from fleet.status.health import Health
from tests.unit.fleet_status.conftest import Management

NEWER = "main@sha1:8f1e2d3c4b5a69788796a5b4c3d2e1f001122334"


def test_a_healthy_cluster_is_ready_and_says_what_it_is(management: Management) -> None:
    first = management.first()
    assert (first.health, first.why) == (Health.READY, ())
    assert (first.environment, first.cluster_class) == ("dev", "aks-v1")
    assert first.desired_version == first.actual_version == "v1.36.3"
    assert [(pool.name, pool.ready, pool.desired) for pool in first.pools] == [("system", 1, 1)]
    assert first.revision.applied == first.revision.source == management.status().revision
    assert first.agent.applied.startswith("v2.9.5@")
    assert management.status().ready


def test_azure_is_not_asked_while_all_is_well(management: Management) -> None:
    management.status()
    assert not {"managedclusters", "managedclustersagentpools", "resourcegroups"} & set(management.asked)
    assert len(management.asked) == len(set(management.asked))


def test_azures_own_words_come_before_what_follows_from_them(
    management: Management, unready: Callable[..., None]
) -> None:
    unready("ControlPlaneAvailable", "NotAvailable", "Control plane not yet initialized")
    management.condition(
        "managedclusters",
        "first",
        "Ready",
        status="False",
        severity="Error",
        reason="QuotaExceeded",
        message="Not enough cores\nin westeurope",
    )
    first = management.first()
    assert first.health is Health.FAILING
    assert first.why[0] == "Azure ManagedCluster first: Not enough cores in westeurope"
    assert first.why[1] == "ControlPlaneAvailable: Control plane not yet initialized"


def test_a_cluster_being_made_is_changing(management: Management, unready: Callable[..., None]) -> None:
    management.old(timedelta(minutes=1))
    management.one("clusters")["status"]["phase"] = "Provisioning"
    unready("InfrastructureReady", "NotReady", "not provisioned")
    management.condition(
        "managedclusters", "first", "Ready", status="False", severity="Warning", reason="WaitingForOwner"
    )
    for name in ("first-agent", "first-sync"):
        missing = 'unable to read KubeConfig secret: secrets "first-kubeconfig" not found'
        management.condition("kustomizations", name, "Ready", status="False", message=missing)
    assert management.first().health is Health.CHANGING


def test_a_request_that_its_class_refuses_fails_even_while_the_cluster_is_being_made(
    management: Management, unready: Callable[..., None]
) -> None:
    management.one("clusters")["status"]["phase"] = "Pending"
    unready("TopologyReconciled", "ReconcileFailed", 'variable "vmSize" does not match')
    assert management.first().health is Health.FAILING
    assert management.first().why[0] == 'TopologyReconciled: variable "vmSize" does not match'


def test_a_lost_connection_to_a_running_cluster_fails(management: Management, unready: Callable[..., None]) -> None:
    unready("RemoteConnectionProbe", "ProbeFailed", "Remote connection probe failed")
    assert management.first().health is Health.FAILING


def test_a_sum_that_is_false_for_a_reason_of_its_own_is_told(management: Management) -> None:
    management.condition("clusters", "first", "Available", status="False", message="* Canary: too many errors")
    assert management.first().why == ("* Canary: too many errors",)


def test_an_upgrade_shows_both_versions(management: Management, unready: Callable[..., None]) -> None:
    management.one("clusters")["spec"]["topology"]["version"] = "v1.37.0"
    unready("TopologyReconciled", "ClusterUpgrading", "upgrading")
    first = management.first()
    assert first.health is Health.CHANGING
    assert (first.actual_version, first.desired_version) == ("v1.36.3", "v1.37.0")
    assert "Kubernetes v1.36.3, shall be v1.37.0" in first.why


def test_a_pool_that_grows_is_changing_and_one_that_failed_is_failing(management: Management) -> None:
    pool = management.one("machinepools", "first-system")
    pool["spec"]["replicas"] = 3
    assert management.first().health is Health.CHANGING
    assert management.first().why == ("pool system: 1 nodes ready, shall be 3",)
    pool["status"]["phase"] = "Failed"
    assert management.first().health is Health.FAILING


def test_the_size_of_an_autoscaled_pool_is_what_the_autoscaler_made_it(management: Management) -> None:
    pool = management.one("machinepools", "first-system")
    pool["spec"]["replicas"] = 3
    pool["metadata"]["annotations"] = {"cluster.x-k8s.io/replicas-managed-by": "external-autoscaler"}
    assert management.first().health is Health.READY


def test_machine_deployments_are_pools_too(management: Management) -> None:
    pool = management.objects["machinepools"].pop()
    pool["metadata"]["labels"] = {"topology.cluster.x-k8s.io/deployment-name": "workers"}
    management.objects["machinedeployments"] = [pool]
    assert [each.name for each in management.first().pools] == ["workers"]


def test_an_agent_behind_the_fleet_repository_is_changing(management: Management) -> None:
    management.one("gitrepositories", "fleet")["status"]["artifact"]["revision"] = NEWER
    first = management.first()
    assert first.health is Health.CHANGING
    assert first.revision.source == NEWER
    assert first.why[0].startswith("first-sync: has ")
    assert first.why[0].endswith("its source 8f1e2d3")


def test_workloads_that_fail_are_told_in_fluxs_words(management: Management) -> None:
    message = (
        "health check failed after 5m0s: timeout waiting for: Kustomization/flux-system/workloads status: 'Failed'"
    )
    management.condition(
        "kustomizations", "first-sync", "Ready", status="False", reason="HealthCheckFailed", message=message
    )
    first = management.first()
    assert (first.health, first.why) == (Health.FAILING, (f"first-sync: {message}",))


def test_flux_looking_again_makes_a_healthy_cluster_no_less_ready(management: Management) -> None:
    management.condition("kustomizations", "first-sync", "Ready", status="Unknown", reason="Progressing")
    assert management.first().health is Health.READY


def test_flux_trying_again_after_a_failure_stays_a_failure(management: Management) -> None:
    management.condition("kustomizations", "first-sync", "Ready", status="Unknown", reason="Progressing")
    management.one("kustomizations", "first-sync")["status"]["history"].insert(
        0, {"lastReconciledStatus": "HealthCheckFailed"}
    )
    first = management.first()
    assert first.health is Health.FAILING
    assert first.why == ("first-sync: is being tried again after HealthCheckFailed",)


def test_a_suspended_agent_is_a_failure(management: Management) -> None:
    management.one("kustomizations", "first-agent")["spec"]["suspend"] = True
    assert management.first().health is Health.FAILING
    assert "suspended" in management.first().why[0]


def test_a_cluster_whose_directory_was_removed_is_a_failure(management: Management) -> None:
    kept = [each for each in management.objects["kustomizations"] if not each["metadata"]["name"].startswith("first-")]
    management.objects["kustomizations"] = kept
    first = management.first()
    assert first.health is Health.FAILING
    assert first.why[0] == "no Kustomization first-agent: was its directory removed from the fleet repository?"


@pytest.mark.parametrize("aso", [False, True])
def test_a_cluster_that_git_has_no_more_is_a_survivor(management: Management, aso: bool) -> None:
    if aso:
        management.request_is_a_managed_cluster()
        management.one("managedclusters")["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] = "dev"
    management.one("kustomizations", "dev")["status"]["inventory"] = {"entries": []}
    first = management.first()
    assert first.health is Health.FAILING
    assert first.why[0] == "Git has it no more, and it runs on: put its directory back, or approve its deletion"


def test_a_cluster_whose_kustomization_is_gone_is_a_survivor_too(management: Management) -> None:
    management.objects["kustomizations"].remove(management.one("kustomizations", "dev"))
    assert management.first().why[0].startswith("Git has it no more")


def test_a_cluster_that_is_not_from_the_fleet_repository_needs_no_agent(management: Management) -> None:
    management.objects["kustomizations"] = []
    for label in ("environment", "kustomize.toolkit.fluxcd.io/name"):
        del management.one("clusters")["metadata"]["labels"][label]
    assert management.first().health is Health.READY
    assert management.first().environment == ""


def test_paused_and_deleted_clusters_are_called_so_and_are_not_ready(management: Management) -> None:
    management.one("clusters")["spec"]["paused"] = True
    assert management.first().health is Health.PAUSED
    management.one("clusters")["metadata"]["deletionTimestamp"] = "2026-11-23T21:55:00Z"
    management.condition("clusters", "first", "Deleting", status="True", message="waiting for the control plane")
    status = management.status()
    assert status.clusters[0].health is Health.DELETING
    assert status.clusters[0].why[0] == "waiting for the control plane"
    assert not status.ready


def test_an_environment_that_cannot_be_applied_is_trouble_though_every_cluster_is_ready(management: Management) -> None:
    message = "Cluster/clusters/second dry-run failed: spec.topology.classRef.name"
    management.condition(
        "kustomizations", "dev", "Ready", status="False", reason="ReconciliationFailed", message=message
    )
    status = management.status()
    assert status.clusters[0].health is Health.READY
    assert [(each.name, each.why) for each in status.troubles] == [("Kustomization dev", message)]
    assert not status.ready


def test_what_a_vault_refused_is_told_without_the_frame_that_sops_draws(management: Management) -> None:
    message = """decryption failed for 'Secret.v1.[noGrp]/shop-git'

Group 0: FAILED
  https://kv-fleet.vault.azure.net/keys/sops/ef62: FAILED
    - | failed to decrypt sops data key
      | --------------------------------------------------------------------------------
      | RESPONSE 403: 403 Forbidden
      |     "message": "Caller is not authorized to perform action
      | on resource."
"""
    management.condition("kustomizations", "dev", "Ready", status="False", reason="BuildFailed", message=message)
    (trouble,) = management.status().troubles
    assert trouble.why == (
        "decryption failed for 'Secret.v1.[noGrp]/shop-git' Group 0: FAILED https://kv-fleet.vault.azure.net/keys/sops/"
        'ef62: FAILED - failed to decrypt sops data key RESPONSE 403: 403 Forbidden "message": "Caller is not '
        'authorized to perform action on resource."'
    )


def test_a_fleet_repository_that_cannot_be_read_is_trouble(management: Management) -> None:
    management.condition(
        "gitrepositories", "fleet", "Ready", status="False", reason="GitOperationFailed", message="no such host"
    )
    (trouble,) = management.status().troubles
    assert (trouble.name, trouble.health, trouble.why) == ("GitRepository fleet", Health.FAILING, "no such host")


def test_a_management_cluster_without_workload_clusters_is_well(management: Management) -> None:
    management.objects["clusters"] = []
    status = management.status()
    assert status.ready
    assert status.clusters == ()


def test_an_object_of_an_unknown_shape_is_named_with_the_field(management: Management) -> None:
    management.one("machinepools", "first-system")["spec"]["replicas"] = "many"
    with pytest.raises(ExternalError, match=r"cannot read MachinePool first-system .*: spec\.replicas: "):
        management.status()


def test_a_cluster_without_cluster_api_is_told_as_any_other(management: Management) -> None:
    management.request_is_a_managed_cluster()
    first = management.first()
    assert (first.health, first.why) == (Health.READY, ())
    assert (first.environment, first.cluster_class) == ("dev", "aks-aso-v1")
    assert first.desired_version == first.actual_version == "v1.36.3"
    assert [(pool.name, pool.ready, pool.desired) for pool in first.pools] == [("system", 1, 1), ("apps", 2, 2)]
    assert first.agent.applied.startswith("v2.9.5@")


def test_of_a_cluster_without_cluster_api_azures_words_are_told(management: Management) -> None:
    management.request_is_a_managed_cluster()
    management.condition(
        "managedclusters", "first", "Ready", status="False", severity="Error", reason="X", message="Not enough cores"
    )
    assert management.first().health is Health.FAILING
    assert management.first().why[0] == "Azure ManagedCluster first: Not enough cores"


def test_a_health_check_that_a_newer_commit_ended_is_no_failure(management: Management) -> None:
    message = "New reconciliation triggered by GitRepository/flux-system/fleet"
    management.condition(
        "kustomizations", "first-sync", "Ready", status="False", reason="HealthCheckCanceled", message=message
    )
    assert management.first().health is Health.CHANGING
