"""Reads what a fleet is in Azure from rendered objects, with the classes of Cluster API evaluated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final

from fleet.plan.azure import (
    AGENT_POOL,
    APPROVED_BY,
    APPROVED_UNTIL,
    MACHINES,
    MANAGED_CLUSTER,
    Cluster,
    Fleet,
    Resource,
    flat,
)
from fleet.plan.cluster_class import Object, Part, parts
from fleet.plan.template_functions import TemplateError
from fleet.rendering import Item, Rendering

ADOPT: Final = "sigs.k8s.io/cluster-api-provider-azure-adopt"
"""https://capz.sigs.k8s.io/managed/adopting-clusters"""

_OWN: Final = ("owner", "azureName", "operatorSpec")
"""What of an object's spec is for Azure Service Operator itself."""


def read(rendering: Rendering) -> Fleet:
    """The fleet that a rendering describes."""
    by_directory: dict[str, list[Item]] = {}
    for item in rendering.items:
        by_directory.setdefault(item.directory, []).append(item)
    objects = [item.object for item in rendering.items]
    classes = {each["metadata"]["name"]: each for each in objects if each["kind"] == "ClusterClass"}
    templates = {
        (each["kind"], each["metadata"]["name"]): each for each in objects if each["kind"].endswith("Template")
    }
    clusters, others = dict[str, Cluster](), dict[str, Item]()
    for directory, items in by_directory.items():
        cluster = _cluster(directory, [item.object for item in items], classes, templates)
        if cluster:
            clusters[cluster.name] = cluster
        else:
            others |= {_identity(item): item for item in items}
    # All waves of an environment come to have the same.
    values = {
        each.environment: {file: _data(objects, f"{each.name}-{file}") for file in ("settings", "release")}
        for each in rendering.waves
    }
    return Fleet(rendering.waves, clusters, values, others)


def _identity(item: Item) -> str:
    metadata = item.object["metadata"]
    where = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{item.object['kind']} {where}{metadata['name']}"


def _data(objects: list[Object], name: str) -> Mapping[str, str]:
    found = (each for each in objects if each["kind"] == "ConfigMap" and each["metadata"]["name"] == name)
    return next((each.get("data") or {} for each in found), {})


def _cluster(
    directory: str, objects: list[Object], classes: Mapping[str, Object], templates: Mapping[tuple[str, str], Object]
) -> Cluster | None:
    """The cluster that a directory asks for: a Cluster of Cluster API, or a ManagedCluster alone."""
    main = _first(objects, "cluster.x-k8s.io", "Cluster") or _first(
        objects, "containerservice.azure.com", MANAGED_CLUSTER
    )
    if main is None:
        return None
    metadata, topology = main["metadata"], main["spec"].get("topology") or {}
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    class_name, unknown = str((topology.get("classRef") or {}).get("name") or ""), ""
    resources = {each.path: each for each in _direct(objects)}
    if topology:
        try:
            resources |= {each.path: each for each in _of_topology(main, classes, templates)}
        except TemplateError as error:
            unknown = str(error)
    managed = next((each for each in resources.values() if each.kind == MANAGED_CLUSTER), None)
    properties = managed.properties if managed else {}
    environment = labels.get("environment") or ((*PurePosixPath(directory).parts, "", ""))[1]
    return Cluster(
        name=metadata["name"],
        directory=directory,
        environment=environment,
        ring=str(labels.get("ring", "")),
        class_name=class_name or labels.get("class", "aks-aso"),
        region=str(labels.get("region") or properties.get("location") or ""),
        version=str(topology.get("version") or properties.get("kubernetesVersion") or ""),
        approval=(annotations.get(APPROVED_BY, ""), annotations.get(APPROVED_UNTIL, "")),
        adopted=any((each["metadata"].get("annotations") or {}).get(ADOPT) == "true" for each in objects),
        resources=resources,
        companions=_companions(main, objects),
        unknown=unknown,
    )


def _first(objects: list[Object], group: str, kind: str) -> Object | None:
    return next((each for each in objects if each["kind"] == kind and each["apiVersion"].startswith(group)), None)


def _companions(main: Object, objects: list[Object]) -> dict[str, str]:
    """What else a request becomes; the approval is no part of it."""
    found = {}
    for each in objects:
        if each is not main and ".azure.com" not in each["apiVersion"]:
            name = each["metadata"]["name"].removeprefix(main["metadata"]["name"]).strip("-")
            text = json.dumps(each, sort_keys=True).encode()
            found[f"{each['kind']} {name}"] = hashlib.sha256(text).hexdigest()
    return found


def _of_topology(
    cluster: Object, classes: Mapping[str, Object], templates: Mapping[tuple[str, str], Object]
) -> Iterator[Resource]:
    name = cluster["spec"]["topology"]["classRef"]["name"]
    if name not in classes:
        raise TemplateError(f"there is no class {name}")
    for part in parts(cluster, classes[name], templates):
        spec = part.template["spec"]["template"]["spec"]
        if "resources" in spec:
            yield from (_of_part(each, part, cluster) for each in spec["resources"])
        elif part.role in ("controlPlaneMachines", "machineDeployments"):
            yield _machines(cluster, part, spec)
        elif part.role == "infrastructure":
            yield Resource("AzureCluster", f"clusters/{cluster['metadata']['name']}", flat(spec))


def _of_part(document: Object, part: Part, cluster: Object) -> Resource:
    """With what CAPZ adds: https://github.com/kubernetes-sigs/cluster-api-provider-azure/tree/v1.23.1/pkg/mutators"""
    version = str(cluster["spec"]["topology"].get("version") or "").removeprefix("v")
    added: dict[str, Any] = {}
    if document["kind"] == MANAGED_CLUSTER:
        added = {"kubernetesVersion": version}
    elif document["kind"] == AGENT_POOL:
        added = {"orchestratorVersion": version}
        # A pool that scales by itself begins with one; then CAPZ leaves the count to Azure.
        if not document["spec"].get("enableAutoScaling"):
            added["count"] = part.worker.get("replicas", 1)
    found = _resource({**document, "spec": {**document.get("spec", {}), **added}})
    if document["kind"] == AGENT_POOL:
        return replace(found, removable=_is_approved(part.worker.get("metadata") or {}))
    return found


def _is_approved(metadata: Mapping[str, Any]) -> bool:
    return APPROVED_BY in (metadata.get("annotations") or {})


def _machines(cluster: Object, part: Part, spec: Object) -> Resource:
    version = str(cluster["spec"]["topology"].get("version") or "").removeprefix("v")
    mode = "ControlPlane" if part.role == "controlPlaneMachines" else "User"
    added = {"count": part.worker.get("replicas", 1), "version": version, "mode": mode}
    path = f"machines/{cluster['metadata']['name']}/{part.name or 'control-plane'}"
    return Resource(MACHINES, path, {**flat(spec), **added})


def _direct(objects: Iterable[Object]) -> Iterator[Resource]:
    """Azure Service Operator's objects, on their own or within CAPZ's."""
    for each in objects:
        if each["apiVersion"].partition("/")[0].endswith(".azure.com"):
            found = _resource(each)
            is_pool = each["kind"] == AGENT_POOL
            yield from _with_pools(replace(found, removable=_is_approved(each["metadata"])) if is_pool else found)
        elif each["kind"].startswith("AzureASOManaged"):
            yield from map(_resource, (each.get("spec") or {}).get("resources") or ())


def _with_pools(resource: Resource) -> Iterator[Resource]:
    """A managed cluster may have its pools inside."""
    pools = resource.properties.get("agentPoolProfiles") or ()
    rest = {name: value for name, value in resource.properties.items() if name != "agentPoolProfiles"}
    yield Resource(resource.kind, resource.path, rest)
    for pool in pools:
        path = f"{resource.path}/agentPools/{pool['name']}"
        yield Resource(
            AGENT_POOL, path, {key: value for key, value in flat(pool).items() if key != "name"}, resource.path
        )


def _resource(document: Object) -> Resource:
    spec, kind = document.get("spec") or {}, document["kind"]
    name = spec.get("azureName") or document["metadata"]["name"]
    owner = (spec.get("owner") or {}).get("name", "")
    path = {
        "ResourceGroup": f"resourceGroups/{name}",
        MANAGED_CLUSTER: f"managedClusters/{name}",
        AGENT_POOL: f"managedClusters/{owner}/agentPools/{name}",
    }.get(kind, f"{kind}/{name}")
    return Resource(kind, path, flat({key: value for key, value in spec.items() if key not in _OWN}))
