"""What Cluster API makes of a Cluster: its class's templates with the class's patches applied, by variables.

https://cluster-api.sigs.k8s.io/tasks/experimental-features/cluster-class/write-clusterclass
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from fleet.plan.go_template import render
from fleet.plan.template_functions import TemplateError

Object = dict[str, Any]

MACHINES: Final = {"machineDeployments": "machineDeploymentClass", "machinePools": "machinePoolClass"}
"""Kinds of workers, and how a patch selects their class."""


@dataclass(frozen=True)
class Part:
    """One object that a Cluster consists of.

    Attributes:
        role: infrastructure, controlPlane, controlPlaneMachines, machineDeployments or machinePools.
        name: of the pool in the topology; empty for the others.
        worker: the pool as the Cluster asks for it.
        template: what its template became.
    """

    role: str
    name: str
    worker: Mapping[str, Any]
    template: Object


def parts(cluster: Object, cluster_class: Object, templates: Mapping[tuple[str, str], Object]) -> Iterator[Part]:
    """All objects of a Cluster.

    Args:
        templates: what the class refers to, by kind and name.

    Raises:
        TemplateError: the class cannot be evaluated here.
    """
    topology, spec = cluster["spec"]["topology"], cluster_class["spec"]
    values = _values(spec, topology, cluster)
    control_plane = spec.get("controlPlane") or {}
    machines = control_plane.get("machineInfrastructure") or {}
    for role, where in (
        ("infrastructure", spec.get("infrastructure")),
        ("controlPlane", control_plane),
        ("controlPlaneMachines", machines),
    ):
        if where:
            asked = (topology.get("controlPlane") or {}) if role.startswith("controlPlane") else {}
            own = _with_overrides(values, asked)
            yield Part(role, "", asked, _patched(spec, role, "", _template(where, templates), own))
    for role in MACHINES:
        classes = {each["class"]: each for each in (spec.get("workers") or {}).get(role) or ()}
        for worker in (topology.get("workers") or {}).get(role) or ():
            if worker["class"] not in classes:
                raise TemplateError(f"its class has no {role} class {worker['class']}")
            builtin = {**worker, "topologyName": worker["name"], "version": topology.get("version")}
            own = _with_overrides(values, worker, **{role[:-1]: builtin})
            template = _template(classes[worker["class"]]["infrastructure"], templates)
            yield Part(role, worker["name"], worker, _patched(spec, role, worker["class"], template, own))


def _template(where: Mapping[str, Any], templates: Mapping[tuple[str, str], Object]) -> Object:
    reference = where.get("templateRef") or {}
    try:
        return copy.deepcopy(templates[(reference["kind"], reference["name"])])
    except KeyError:
        raise TemplateError(
            f"its class refers to {reference.get('kind')} {reference.get('name')}, which is not there"
        ) from None


def _values(spec: Mapping[str, Any], topology: Mapping[str, Any], cluster: Object) -> dict[str, Any]:
    """Values of the variables for the whole cluster, defaults filled in, and Cluster API's own."""
    given = {each["name"]: each.get("value") for each in topology.get("variables") or ()}
    found = {}
    for variable in spec.get("variables") or ():
        schema = variable["schema"]["openAPIV3Schema"]
        found[variable["name"]] = _defaulted(given.get(variable["name"]), schema)
    metadata = cluster["metadata"]
    found["builtin"] = {
        "cluster": {
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "metadata": {"labels": metadata.get("labels") or {}, "annotations": metadata.get("annotations") or {}},
            "topology": {"version": topology.get("version"), "class": topology["classRef"]["name"]},
            "network": cluster["spec"].get("clusterNetwork") or {},
        },
        "controlPlane": {
            "version": topology.get("version"),
            "replicas": (topology.get("controlPlane") or {}).get("replicas"),
        },
    }
    return {name: value for name, value in found.items() if value is not None}


def _defaulted(value: Any, schema: Mapping[str, Any]) -> Any:
    if value is None:
        value = copy.deepcopy(schema.get("default"))
    if isinstance(value, dict):
        for name, inner in (schema.get("properties") or {}).items():
            if (filled := _defaulted(value.get(name), inner)) is not None:
                value[name] = filled
    return value


def _with_overrides(values: dict[str, Any], asked: Mapping[str, Any], **builtin: Any) -> dict[str, Any]:
    overrides = (asked.get("variables") or {}).get("overrides") or ()
    own = {each["name"]: each.get("value") for each in overrides}
    return {**values, **own, "builtin": {**values["builtin"], **builtin}}


def _patched(spec: Mapping[str, Any], role: str, worker_class: str, template: Object, values: dict[str, Any]) -> Object:
    for patch in spec.get("patches") or ():
        enabled = patch.get("enabledIf")
        if enabled and render(enabled, values).strip() != "true":
            continue
        for definition in patch.get("definitions") or ():
            if _selects(definition["selector"], role, worker_class, template):
                for change in definition["jsonPatches"]:
                    _apply(template, change, values)
    return template


def _selects(selector: Mapping[str, Any], role: str, worker_class: str, template: Object) -> bool:
    if (selector["kind"], selector["apiVersion"]) != (template["kind"], template["apiVersion"]):
        return False
    resources = selector["matchResources"]
    if role == "infrastructure":
        return bool(resources.get("infrastructureCluster"))
    if role.startswith("controlPlane"):
        return bool(resources.get("controlPlane"))
    names = (resources.get(MACHINES[role]) or {}).get("names") or ()
    return any(name in (worker_class, "*") for name in names)


def _apply(template: Object, change: Mapping[str, Any], values: dict[str, Any]) -> None:
    """One JSON patch: https://www.rfc-editor.org/rfc/rfc6902"""
    *path, last = [word.replace("~1", "/").replace("~0", "~") for word in change["path"].split("/")[1:]]
    where: Any = template
    for word in path:
        where = where[int(word)] if isinstance(where, list) else where.setdefault(word, {})
    if change["op"] == "remove":
        del where[int(last) if isinstance(where, list) else last]
        return
    value = _value(change, values)
    if isinstance(where, list):
        position = len(where) if last == "-" else int(last)
        where[position : position + (change["op"] == "replace")] = [value]
    else:
        where[last] = value


def _value(change: Mapping[str, Any], values: dict[str, Any]) -> Any:
    source = change.get("valueFrom") or {}
    if "template" in source:
        return yaml.safe_load(render(source["template"], values))
    if "variable" in source:
        value: Any = values
        for member in source["variable"].split("."):
            value = value.get(member) if isinstance(value, Mapping) else None
        return value
    return change.get("value")
