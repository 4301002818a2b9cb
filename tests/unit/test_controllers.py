"""How the controllers of the management cluster run, by the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.controller_settings import ControllerSettings
from infra.setting_group import config_key
from management_cluster import controllers, flux, sizes_page
from management_cluster.controllers import Controller, by_clusterctl, by_flux
from management_cluster.disruption_budgets import budgets
from management_cluster.sizes import SIZES

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "size-and-availability.md"
UNITS = {"Mi": 1, "Gi": 1024, "MiB": 1}


def run_for(size: int = 100, replicas: int = 2) -> dict[str, Controller]:
    """All controllers by name."""
    given = {config_key("fleet_size"): size, config_key("controller_replicas"): replicas}
    settings = ControllerSettings.model_validate(given)
    return {each.name: each for each in [*by_clusterctl(settings), *by_flux(settings)]}


def mebibytes(quantity: str) -> int:
    """Memory as a number."""
    found = re.fullmatch(r"(\d+)(Mi|Gi|MiB)", quantity)
    assert found, quantity
    return int(found[1]) * UNITS[found[2]]


def test_every_controller_has_a_share_at_every_size() -> None:
    assert set(run_for()) == set(SIZES)
    for shares in SIZES.values():
        assert list(shares) == [10, 100, 1000]


def test_a_larger_fleet_never_has_less() -> None:
    for name, shares in SIZES.items():
        memory = [(mebibytes(share.memory), mebibytes(share.most_memory)) for share in shares.values()]
        assert memory == sorted(memory), name
        assert all(least < most for least, most in memory), name


def test_garbage_is_collected_before_the_memory_is_used_up() -> None:
    for share in SIZES["azureserviceoperator-controller-manager"].values():
        assert mebibytes(share.told["GOMEMLIMIT"]) == pytest.approx(0.8 * mebibytes(share.most_memory), rel=0.03)


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_all_but_the_one_with_a_disk_have_the_replicas_that_are_asked_for(replicas: int) -> None:
    found = {name: each.replicas for name, each in run_for(replicas=replicas).items()}
    assert found.pop("source-controller") == 1
    assert found.pop("azureserviceoperator-controller-manager") == max(replicas, 2)
    assert set(found.values()) == {replicas}


def test_what_a_single_replica_runs_can_be_drained() -> None:
    assert not any(each.budgeted for each in run_for(replicas=1).values())


def test_no_pod_has_two_budgets() -> None:
    without = {name for name, each in run_for().items() if not each.budgeted}
    assert without == {"source-controller", "azureserviceoperator-controller-manager"}


def test_a_budget_has_the_pods_of_its_namespaces_controllers_and_no_others() -> None:
    shared = budgets(ControllerSettings())
    assert shared["flux-system"] == {"app": ["helm-controller", "kustomize-controller", "notification-controller"]}
    for each in run_for().values():
        inside = all(each.pods.get(key) in values for key, values in shared[each.namespace].items())
        assert inside == each.budgeted, each.name


def test_the_labels_of_pods_tell_controllers_of_a_namespace_apart() -> None:
    pods = [(each.namespace, tuple(sorted(each.pods.items()))) for each in run_for().values()]
    assert len(set(pods)) == len(pods)


def tuned(size: int, replicas: int) -> dict[str, Any]:
    """The specs of Deployments as Flux's manifests have them, by name; of an outline of these."""
    outline = [
        {
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": 1,
                "template": {
                    "spec": {
                        "nodeSelector": {"kubernetes.io/os": "linux"},
                        "containers": [{"name": "manager", "args": ["--enable-leader-election"]}],
                        "volumes": [{"name": "temp", "emptyDir": {}}],
                    }
                },
            },
        }
        for name in controllers.BY_FLUX
    ]
    shaped = flux.tuned(yaml.safe_dump_all(outline), list(run_for(size, replicas).values()))
    return {each["metadata"]["name"]: each["spec"] for each in shaped}


def test_fluxs_manifests_are_shaped_before_they_are_applied() -> None:
    found = tuned(1000, 2)["kustomize-controller"]
    pod = found["template"]["spec"]
    assert found["replicas"] == 2
    assert pod["priorityClassName"] == "system-cluster-critical"
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.azure.com/agentpool": "controllers"}
    assert {each["topologyKey"] for each in pod["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    (container,) = pod["containers"]
    assert container["args"][0] == "--enable-leader-election"
    assert {"--concurrent=100", "--kube-api-qps=200", "--no-remote-bases=true"} <= set(container["args"])
    assert container["resources"]["limits"] == {"memory": "4Gi"}


def test_source_controller_stays_one() -> None:
    assert tuned(100, 3)["source-controller"]["replicas"] == 1


def test_the_page_has_the_table() -> None:
    assert sizes_page.table() in PAGE.read_text(), "put in what `python -m management_cluster.sizes_page` prints"
