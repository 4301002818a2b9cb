"""Gives the controllers that clusterctl installs what controllers.py says, when their Deployments are admitted.

So it holds whoever installs or upgrades them, no controller is rolled out twice, and somebody who takes an argument out
by hand finds it in again. Why not after clusterctl: docs/decisions/0016-controllers-shaped-at-admission.md.

What happens when
- the policy changes: Deployments that are there stay as they are, until `RunningControllers.settle` touches them;
- the cluster is deleted: it goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.aliases import formerly_below
from infra.controller_settings import ControllerSettings
from management_cluster.connection import OURS, Connection
from management_cluster.controllers import POOL, POOL_LABEL, PRIORITY, Controller, by_clusterctl

NAME: Final = "controllers"
API: Final = "admissionregistration.k8s.io/v1"
"""https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/"""

_POD: Final = "/spec/template/spec"
_CONTAINER: Final = f"{_POD}/containers/0"


def shape_controllers(settings: ControllerSettings, connection: Connection) -> pulumi.Resource:
    """The policy and its binding, which is returned; has to be there before clusterctl runs."""
    former = pulumi.ResourceOptions(aliases=[formerly_below("slipway:kubernetes:ControllerPolicy::controllers")])
    policy = kubernetes.apiextensions.CustomResource(
        "controllers",
        api_version=API,
        kind="MutatingAdmissionPolicy",
        metadata=ObjectMetaArgs(name=NAME, annotations=OURS),
        spec=policy_of(by_clusterctl(settings)),
        opts=pulumi.ResourceOptions.merge(connection.options(), former),
    )
    return kubernetes.apiextensions.CustomResource(
        "controllers-binding",
        api_version=API,
        kind="MutatingAdmissionPolicyBinding",
        metadata=ObjectMetaArgs(name=NAME, annotations=OURS),
        spec={"policyName": NAME},
        opts=pulumi.ResourceOptions.merge(connection.options(depends_on=[policy]), former),
    )


def policy_of(controllers: Sequence[Controller]) -> dict[str, Any]:
    """The policy's spec: what is wanted as variables, a line for each controller, then the patch that uses them."""
    places = {each.name: each.namespace for each in controllers}
    return {
        "failurePolicy": "Fail",  # it is about these Deployments alone
        "reinvocationPolicy": "Never",
        "matchConstraints": {
            "namespaceSelector": {
                "matchExpressions": [
                    {
                        "key": "kubernetes.io/metadata.name",
                        "operator": "In",
                        "values": sorted(set(places.values())),
                    }
                ]
            },
            "resourceRules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "resources": ["deployments"],
                    "operations": ["CREATE", "UPDATE"],
                }
            ],
        },
        "matchConditions": [
            {"name": "a-controller", "expression": f"object.metadata.name in {_cel(list(places))}"},
            # clusterctl stops the old release so before it installs the new one, and waits until nothing runs.
            {"name": "not-stopped", "expression": "object.spec.replicas > 0"},
        ],
        "variables": [
            {"name": "replicas", "expression": _by_name({each.name: each.replicas for each in controllers})},
            {"name": "arguments", "expression": _by_name({each.name: each.arguments for each in controllers})},
            {"name": "flags", "expression": _by_name({each.name: each.flags for each in controllers})},
            {"name": "environment", "expression": _by_name({each.name: each.environment for each in controllers})},
            {"name": "resources", "expression": _by_name({each.name: each.resources for each in controllers})},
            {"name": "pods", "expression": _by_name({each.name: dict(each.pods) for each in controllers})},
            {
                "name": "others",  # the arguments it has upstream; not those it had of us for a fleet of another size
                "expression": "object.spec.template.spec.containers[0].?args.orValue([])"
                ".filter(each, !variables.flags.exists(flag, each.startsWith(flag)))",
            },
            {
                "name": "names",  # of its environment variables
                "expression": "object.spec.template.spec.containers[0].?env.orValue([]).map(each, each.name)",
            },
        ],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": _PATCH}}],
    }


_PATCH: Final = f"""[
  JSONPatch{{op: 'add', path: '/spec/replicas', value: variables.replicas}},
  JSONPatch{{op: 'add', path: '{_POD}/priorityClassName', value: {PRIORITY!r}}},
  JSONPatch{{op: 'add', path: '{_CONTAINER}/resources', value: variables.resources}},
  JSONPatch{{op: 'add', path: '{_CONTAINER}/args', value: variables.others + variables.arguments}},
  JSONPatch{{op: 'add', path: '{_POD}/topologySpreadConstraints', value:
    ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(key, {{
      'maxSkew': dyn(1), 'topologyKey': dyn(key), 'whenUnsatisfiable': dyn('ScheduleAnyway'),
      'labelSelector': dyn({{'matchLabels': variables.pods}}), 'matchLabelKeys': dyn(['pod-template-hash'])}})}}
] + (has(object.spec.template.spec.nodeSelector) ? [] : [
  JSONPatch{{op: 'add', path: '{_POD}/nodeSelector', value: {{}}}}
]) + [
  JSONPatch{{op: 'add', path: '{_POD}/nodeSelector/{POOL_LABEL.replace("/", "~1")}', value: {POOL!r}}}
] + variables.environment.map(each, JSONPatch{{
  op: each.name in variables.names ? 'replace' : 'add',
  path: '{_CONTAINER}/env/' + (each.name in variables.names ? string(variables.names.indexOf(each.name)) : '-'),
  value: each}})"""
"""Replaced as a whole, where adding would leave a rest: `add` of a member that is there is a replacement (RFC 6902)."""


def _by_name(values: dict[str, Any]) -> str:
    lines = ",\n".join(f"  {_cel(name)}: {_cel(value)}" for name, value in values.items())
    return f"{{\n{lines}\n}}[object.metadata.name]"


def _cel(value: Any) -> str:
    """A literal: text, whole numbers, lists and maps are written in CEL as in JSON."""
    return json.dumps(value)
