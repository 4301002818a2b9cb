"""Requests: their names, their class with its variables and pools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs

from fleet.rendering import Rendering, Request
from fleet.validation import class_rules
from fleet.validation.finding import Finding, Path
from fleet.validation.objects import Place, Sources, locate
from fleet.validation.schemas import strict
from fleet.validation.source import Source
from fleet.waves import ENVIRONMENTS, FILE, Wave

POOLS: Final = ("machinePools", "machineDeployments")


def written(sources: Sources) -> Iterator[tuple[Source, int, dict[str, Any]]]:
    """Every Cluster of a request, as it is written."""
    for file, source in sources.items():
        parts = file.split("/")
        if parts[0] == ENVIRONMENTS and len(parts) > 4:
            for number, document in enumerate(source.documents):
                if isinstance(document, dict) and document.get("kind") in ("Cluster", "ManagedCluster"):
                    yield source, number, document


def check_names(sources: Sources, others: Sources, order: tuple[Wave, ...]) -> Iterator[Finding]:
    """No name twice in the fleet, and no request where nobody looks.

    Args:
        others: requests that are well, and whose names are taken.
    """
    directories = [each.directory for each in order]
    first = {_name(document): source.file for source, _, document in written(others)}
    for source, number, document in written(sources):
        directory = "/".join(source.file.split("/")[:3])
        if directory not in directories:
            mend = f"Move it to one of {', '.join(directories)}, or give {directory} a wave in {FILE}"
            yield source.finding(number, (), "reference", f"no wave has the clusters of {directory}", mend)
        name = _name(document)
        if isinstance(name, str) and (other := first.setdefault(name, source.file)) != source.file:
            message = f"{other} has a cluster of this name already"
            mend = "Choose another name: resource groups, kubeconfigs and status are called as the cluster is"
            yield source.finding(number, ("metadata", "name"), "unique-name", message, mend, value=name)


def _name(document: dict[str, Any]) -> object:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def check_classes(rendering: Rendering, sources: Sources) -> Iterator[Finding]:
    """Each request against the class that it asks for."""
    classes = classes_of(rendering)
    variables = {name: _Variables(name, about) for name, about in classes.items()}
    for request in rendering.clusters.values():
        if request.cluster["kind"] != "Cluster":  # straight from Azure Service Operator, without a ClusterClass
            continue
        topology = request.cluster["spec"].get("topology") or {}
        name = (topology.get("classRef") or {}).get("name", "")
        if name not in classes:
            message = f"{request.environment} has no class {name}" if name else "it asks for no class"
            mend = (
                f"There are {', '.join(sorted(classes))}: a request writes the name, the environment adds its version"
            )
            place = at(request, ("spec", "topology", "classRef", "name"), sources)
            yield place.finding("class", message, mend, value=name)
            continue
        yield from _check_pools(request, topology, classes[name], sources)
        for path, variable in _variables(topology):
            yield from variables[name].check(request, path, variable, sources)
        for missing in variables[name].required - {each.get("name") for each in topology.get("variables") or []}:
            mend = f"Add the variable {missing} under spec.topology.variables"
            yield at(request, ("spec", "topology"), sources).finding("class", f"variable {missing} is missing", mend)


def _check_pools(request: Request, topology: Any, about: Any, sources: Sources) -> Iterator[Finding]:
    workers = topology.get("workers") or {}
    for sort in POOLS:
        known = {each["class"] for each in (about.get("workers") or {}).get(sort) or []}
        names: set[str] = set()
        for number, pool in enumerate(workers.get(sort) or []):
            path: Path = ("spec", "topology", "workers", sort, number)
            if pool.get("class") not in known:
                message = f"the class has no such pool in {sort}"
                mend = f"Write one of {', '.join(sorted(known))}" if known else f"The class has no {sort} at all"
                yield at(request, (*path, "class"), sources).finding("class", message, mend, value=pool.get("class"))
            if pool.get("name") in names:
                mend = "Give each pool a name of its own"
                yield at(request, (*path, "name"), sources).finding(
                    "class", "is there twice", mend, value=pool.get("name")
                )
            names.add(pool.get("name"))


def _variables(topology: Any) -> Iterator[tuple[Path, Any]]:
    for number, each in enumerate(topology.get("variables") or []):
        yield ("spec", "topology", "variables", number), each
    for sort in POOLS:
        for pool, about in enumerate((topology.get("workers") or {}).get(sort) or []):
            for number, each in enumerate((about.get("variables") or {}).get("overrides") or []):
                yield ("spec", "topology", "workers", sort, pool, "variables", "overrides", number), each


class _Variables:
    """The variables of one class, and what checks their values."""

    def __init__(self, name: str, about: Any) -> None:
        self.name = name
        self.known = {each["name"]: each for each in about.get("variables") or []}
        self.required = {name for name, each in self.known.items() if each.get("required")}
        self._validators = {
            name: jsonschema_rs.Draft202012Validator(strict(each["schema"]["openAPIV3Schema"]))
            for name, each in self.known.items()
        }

    def check(self, request: Request, path: Path, variable: Any, sources: Sources) -> Iterator[Finding]:
        name = variable.get("name")
        if name not in self.known:
            message, mend = f"{self.name} has no such variable", f"Known are {', '.join(self.known)}"
            yield at(request, (*path, "name"), sources).finding("class", message, mend, value=name)
            return
        schema, value = self.known[name]["schema"]["openAPIV3Schema"], variable.get("value")
        what = schema.get("description", "")
        for message in class_rules.broken(schema, value):
            place = at(request, (*path, "value"), sources)
            yield place.finding("class", f"variable {name}: {message}", what, value=value)
        for error in self._validators[name].iter_errors(value):
            place = at(request, (*path, "value", *error.instance_path), sources)
            mend = what or "Write what the class allows"
            yield place.finding("class", f"variable {name}: {error.message}", mend, value=error.instance)


def classes_of(rendering: Rendering) -> dict[str, Any]:
    """The specs of all ClusterClasses, by name."""
    found = (item.object for item in rendering.items if item.object["kind"] == "ClusterClass")
    return {each["metadata"]["name"]: each["spec"] for each in found}


def at(request: Request, path: Path, sources: Sources) -> Place:
    """Where a value of the Cluster is written."""
    return locate(request.items[0], path, sources)
