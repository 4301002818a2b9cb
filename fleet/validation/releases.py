"""Releases of the environments: upgrade paths that AKS allows, and the order of promotion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from external.command import CommandFailed
from fleet.clone import Clone
from fleet.rendering import Item
from fleet.validation.finding import Finding, Path
from fleet.validation.objects import Sources, locate

VERSIONS: Final = ("kubernetes_version", "class_version", "agent_version")
OLDEST: Final = 2
"""Minor versions that nodes may be behind their control plane."""

FORM: Final = {
    "kubernetes_version": r"v1\.\d+\.\d+",
    "class_version": r"v\d+",
    "agent_version": r"v\d+\.\d+\.\d+(-[\w.]+)?",
}


def check_promotion(sources: Sources, environments: tuple[str, ...]) -> Iterator[Finding]:
    """Versions that are versions, and none ahead of the environment before."""
    before: tuple[str, Mapping[str, Any]] | None = None
    for environment in environments:
        source = sources.get(f"environments/{environment}/release.yaml")
        if source is None:
            continue
        data = _data(source.documents)
        for key in VERSIONS:
            value = data.get(key)
            if value is None:
                continue
            if not re.fullmatch(FORM[key], str(value)):
                message, mend = "is no version", f"Write it as {FORM[key]!r}, such as v1.36.3 or v1"
                yield source.finding(0, ("data", key), "kubernetes-version", message, mend, value=value)
            elif before and _numbers(value) > _numbers(before[1].get(key, value)):
                message = f"{environment} is ahead of {before[0]}, which has {before[1][key]}"
                command = f"python -m fleet promote {before[0]} {environment}"
                mend = f"New versions start in {environments[0]}, then `{command}`"
                yield source.finding(0, ("data", key), "promotion", message, mend, value=value)
        before = environment, data


def check_upgrades(sources: Sources, environments: tuple[str, ...], clone: Clone, since: str) -> Iterator[Finding]:
    """Each environment's Kubernetes against what a commit had.

    https://learn.microsoft.com/azure/aks/upgrade-aks-cluster: minor versions cannot be skipped, and none goes back.
    """
    for environment in environments:
        file = f"environments/{environment}/release.yaml"
        try:
            old = _data(tuple(yaml.safe_load_all(clone.git("show", f"{since}:./{file}"))))
        except (CommandFailed, yaml.YAMLError):
            continue
        source = sources.get(file)
        new = _data(source.documents) if source else {}
        was, becomes = _numbers(old.get("kubernetes_version")), _numbers(new.get("kubernetes_version"))
        if source is None or len(was) < 3 or len(becomes) < 3:
            continue
        where, value = ("data", "kubernetes_version"), new["kubernetes_version"]
        if becomes < was:
            message, mend = (
                f"is older than {old['kubernetes_version']}",
                "Kubernetes does not go back: keep it, or make new clusters",
            )
            yield source.finding(0, where, "kubernetes-version", message, mend, value=value)
        elif becomes[1] > was[1] + 1:
            message = f"skips a minor version: {environment} has {old['kubernetes_version']}"
            yield source.finding(0, where, "kubernetes-version", message, f"Go to v1.{was[1] + 1} first", value=value)


def check_skew(items: list[Item], sources: Sources) -> Iterator[Finding]:
    """Pools that have a version of their own, which is not newer than their cluster's, nor much older.

    https://learn.microsoft.com/azure/aks/manage-node-pools#upgrade-a-cluster-control-plane-with-multiple-node-pools
    """
    clusters = {
        (item.key[2], item.key[3]): (item.object.get("spec") or {}).get("kubernetesVersion")
        for item in items
        if item.object["kind"] == "ManagedCluster"
    }
    for item in items:
        for owner, path, version in _versions_of_pools(item):
            cluster, nodes = _numbers(clusters.get(owner)), _numbers(version)
            if len(cluster) < 2 or len(nodes) < 2:
                continue
            if nodes <= cluster and nodes[:2] >= (cluster[0], cluster[1] - OLDEST):
                continue
            newer = f"its cluster has {clusters[owner]}: nodes are no newer, and at most"
            message = f"{newer} {OLDEST} minor versions older"
            place = locate(item, path, sources)
            yield place.finding("kubernetes-version", message, "Leave it out to have the cluster's", value=version)


def _versions_of_pools(item: Item) -> Iterator[tuple[tuple[str, str], Path, object]]:
    """The cluster, by namespace and name, where it is written, and the version of each pool in an object."""
    spec, (_, kind, namespace, name) = item.object.get("spec") or {}, item.key
    if kind == "ManagedCluster":
        for number, pool in enumerate(spec.get("agentPoolProfiles") or []):
            path: Path = ("spec", "agentPoolProfiles", number, "orchestratorVersion")
            yield (namespace, name), path, pool.get("orchestratorVersion")
    elif kind == "ManagedClustersAgentPool":
        owner = (spec.get("owner") or {}).get("name", "")
        yield (namespace, owner), ("spec", "orchestratorVersion"), spec.get("orchestratorVersion")


def _data(documents: tuple[Any, ...]) -> dict[str, Any]:
    first = documents[0] if documents else None
    data = first.get("data") if isinstance(first, dict) else None
    return data if isinstance(data, dict) else {}


def _numbers(version: object) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", str(version or "")))
