"""The policy's expressions, by the reference implementation of CEL; the patch is tested on a real API server."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional

from infra.controller_settings import ControllerSettings
from infra.setting_group import config_key
from management_cluster.controller_policy import policy_of
from management_cluster.controllers import by_clusterctl

ENVIRONMENT = cel.NewEnv(
    variables={"object": cel.Type.DYN, "variables": cel.Type.DYN}, extensions=[ext_optional.ExtOptional()]
)
CAPI, ASO = "capi-controller-manager", "azureserviceoperator-controller-manager"


def policy(size: int = 100) -> dict[str, Any]:
    """The policy's spec for a fleet of this size."""
    return policy_of(by_clusterctl(ControllerSettings.model_validate({config_key("fleet_size"): size})))


def deployment(name: str, *, replicas: int = 1, args: tuple[str, ...] = (), env: tuple[str, ...] = ()) -> Any:
    """What clusterctl would apply, as far as the policy looks at it."""
    container = {"name": "manager", "args": list(args), "env": [{"name": each} for each in env]}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
    }


def matches(spec: dict[str, Any], admitted: Any) -> bool:
    """Whether the policy is about a Deployment."""
    return all(_value(each["expression"], {"object": admitted}) for each in spec["matchConditions"])


def variables(spec: dict[str, Any], admitted: Any) -> dict[str, Any]:
    """The policy's variables for a Deployment; a later one may use an earlier."""
    found: dict[str, Any] = {}
    for each in spec["variables"]:
        found[each["name"]] = _value(each["expression"], {"object": admitted, "variables": found})
    return found


def _value(expression: str, known: dict[str, Any]) -> Any:
    return ENVIRONMENT.compile(expression).eval(data=known).plain_value()


@pytest.mark.parametrize("controller", by_clusterctl(ControllerSettings()), ids=lambda each: each.name)
def test_each_controller_is_given_what_its_settings_say(controller: Any) -> None:
    found = variables(policy(), deployment(controller.name))
    assert found["replicas"] == controller.replicas
    assert found["arguments"] == controller.arguments
    assert found["environment"] == controller.environment
    assert found["resources"] == controller.resources
    assert found["pods"] == controller.pods


def test_upstreams_arguments_are_kept_and_those_for_another_size_are_not() -> None:
    upstream = ("--leader-elect", "--feature-gates=MachinePool=true", "--diagnostics-address=:8443")
    of_a_large_fleet = ("--kube-api-qps=200", "--cluster-concurrency=100")
    found = variables(policy(100), deployment(CAPI, args=upstream + of_a_large_fleet))
    assert found["others"] == list(upstream)
    assert found["arguments"] == ["--kube-api-qps=100", "--kube-api-burst=200"]


def test_what_clusterctl_stops_for_an_upgrade_stays_stopped() -> None:
    assert matches(policy(), deployment(CAPI, replicas=1))
    assert not matches(policy(), deployment(CAPI, replicas=0))


def test_other_deployments_are_left_alone() -> None:
    assert not matches(policy(), deployment("somebody-elses"))


def test_variables_that_the_manifest_has_are_found_by_name() -> None:
    assert variables(policy(), deployment(ASO, env=("POD_NAMESPACE", "GOMEMLIMIT")))["names"] == [
        "POD_NAMESPACE",
        "GOMEMLIMIT",
    ]
