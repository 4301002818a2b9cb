"""How far a release has come: each wave, what it has, and what it waits for."""

from __future__ import annotations

import copy

from fleet.status import readiness
from fleet.status.waves import WaveStatus
from tests.fleet.rendering import REPOSITORY, kustomize
from tests.unit.fleet_status.conftest import Management, Object

OLD = {"kubernetes_version": "v1.36.3", "class_version": "v1"}
NEW = OLD | {"kubernetes_version": "v1.37.1"}


def waves(management: Management, canary: dict[str, str], others: dict[str, str]) -> list[WaveStatus]:
    """The status of two waves in dev with these releases."""
    recorded = management.one("kustomizations", "dev")
    for name, ring, release in (("dev-canary", "canary", canary), ("dev", "clusters", others)):
        wave, gate = copy.deepcopy(recorded), copy.deepcopy(recorded)
        wave["metadata"]["name"], gate["metadata"]["name"] = name, f"{name}-release"
        wave["spec"] |= {"path": f"./environments/dev/{ring}", "postBuild": {"substitute": release}}
        gate["spec"] |= {"path": "./environments/dev"}
        management.objects["kustomizations"] += [wave, gate]
    management.objects["kustomizations"].remove(recorded)
    gate["spec"]["dependsOn"] = [{"name": "dev-canary-release"}, {"name": "dev-canary"}]
    return list(management.status().waves)


def test_waves_come_in_the_order_of_a_release(management: Management) -> None:
    found = waves(management, OLD, OLD)
    assert [(each.name, each.environment, each.ring) for each in found] == [
        ("dev-canary", "dev", "canary"),
        ("dev", "dev", "clusters"),
    ]
    assert [(each.release, each.coming, each.why) for each in found] == [(OLD, {}, "")] * 2


def test_environments_come_in_their_order_of_promotion(management: Management) -> None:
    waves(management, OLD, OLD)
    for environment in ("production", "staging"):
        for name, ring in (("dev", "clusters"), ("dev-release", "")):
            each = copy.deepcopy(management.one("kustomizations", name))
            each["metadata"]["name"] = name.replace("dev", environment)
            each["spec"] |= {"path": f"./environments/{environment}/{ring}".rstrip("/"), "dependsOn": []}
            management.objects["kustomizations"].append(each)
        cluster = copy.deepcopy(management.one("clusters"))
        cluster["metadata"] |= {"name": f"in-{environment}"}
        cluster["metadata"]["labels"] |= {"environment": environment}
        management.objects["clusters"].append(cluster)
    by_name = management.status()
    assert [each.name for each in by_name.waves] == ["dev-canary", "dev", "production", "staging"]

    management.objects["configmaps"] = [order()]
    found = management.status()
    assert [each.name for each in found.waves] == ["dev-canary", "dev", "staging", "production"]
    assert [each.environment for each in found.clusters] == ["dev", "staging", "production"]


def order() -> Object:
    """What Flux applies of management/waves.yaml, for the waves' objects alone do not tell their order."""
    return kustomize(REPOSITORY / "management").one("ConfigMap", "waves")


def test_a_release_that_has_not_arrived_is_coming(management: Management) -> None:
    canary, others = waves(management, NEW, OLD)
    assert (canary.coming, others.coming) == ({}, {"kubernetes_version": "v1.37.1"})


def test_a_wave_says_what_it_waits_for(management: Management) -> None:
    waves(management, NEW, OLD)
    said = "dependency 'flux-system/dev-canary' is not ready"
    management.condition(
        "kustomizations", "dev-release", "Ready", status="False", reason="DependencyNotReady", message=said
    )
    message = "health check failed after 5m0s: timeout waiting for: [Cluster/clusters/shop status: 'InProgress']"
    management.condition(
        "kustomizations", "dev-canary", "Ready", status="False", reason="HealthCheckFailed", message=message
    )
    canary, others = management.status().waves
    assert canary.why == message
    assert others.why == "waits until dev-canary is well"


def test_an_environment_that_is_well_has_proved_its_release(management: Management) -> None:
    waves(management, NEW, NEW)
    assert list(readiness.against(management.status(), "dev", NEW)) == []


def test_a_release_that_is_on_its_way_is_not_promoted(management: Management) -> None:
    waves(management, NEW, OLD)
    said = "wave dev has not got this release yet (kubernetes_version): it is on its way"
    assert list(readiness.against(management.status(), "dev", NEW)) == [said]


def test_an_environment_with_a_failing_cluster_is_not_promoted(management: Management) -> None:
    waves(management, NEW, NEW)
    management.condition("kustomizations", "first-sync", "Ready", status="False", message="no space left")
    said = "cluster first is Failing: first-sync: no space left"
    assert list(readiness.against(management.status(), "dev", NEW)) == [said]


def test_an_environment_that_the_management_cluster_does_not_know_is_not_promoted(management: Management) -> None:
    assert list(readiness.against(management.status(), "qa", NEW)) == ["the management cluster has no waves of qa"]
