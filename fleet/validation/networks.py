"""Networks of clusters: within a cluster none overlaps another, nor in the fleet, but for what every cluster may have.

A network is a variable whose name ends in Cidr. One that has a default in the class is the same in all clusters, so it
is nobody's own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from fleet.rendering import Rendering, Request
from fleet.validation import requests
from fleet.validation.finding import Finding
from fleet.validation.objects import Sources

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Taken:
    """Networks by whose they are. Two overlap where one contains the other, so each is known with all around it."""

    def __init__(self) -> None:
        self._of: dict[Network, str] = {}
        self._inside: dict[Network, str] = {}

    def add(self, network: Network, whose: str) -> None:
        self._of.setdefault(network, whose)
        for wider in _around(network):
            self._inside.setdefault(wider, whose)

    def overlapping(self, network: Network) -> str | None:
        contains = (self._of.get(each) for each in (network, *_around(network)))
        return self._inside.get(network) or next(filter(None, contains), None)


def check(rendering: Rendering, sources: Sources, others: Sources) -> Iterator[Finding]:
    """Every request that was rendered.

    Args:
        others: requests that are well, and whose networks are taken.
    """
    classes = requests.classes_of(rendering)
    taken = _Taken()
    for _, _, document in requests.written(others):
        topology = (document.get("spec") or {}).get("topology") or {}
        # As written it has the name of the class without its version, and versions differ in other things.
        name = f"{(topology.get('classRef') or {}).get('name')}-"
        shared = {key for each, about in classes.items() if each.startswith(name) for key in _defaults(about)}
        for variable, value in _given(topology).items():
            if variable not in shared and (network := _network(value)):
                taken.add(network, f"{variable} of cluster {document['metadata']['name']}, {network}")
    for request in rendering.clusters.values():
        yield from _check(request, classes, taken, sources)


def _check(request: Request, classes: Mapping[str, Any], taken: _Taken, sources: Sources) -> Iterator[Finding]:
    topology = request.cluster["spec"].get("topology") or {}
    defaults = _defaults(classes.get((topology.get("classRef") or {}).get("name", ""), {}))
    given, own = _given(topology), _Taken()
    for name, value in defaults.items():
        if name not in given and (network := _network(value)):
            own.add(network, f"its {name}, {network}")
    names = [each.get("name") for each in topology.get("variables") or []]
    for name, value in given.items():
        place = requests.at(request, ("spec", "topology", "variables", names.index(name), "value"), sources)
        network = _network(value)
        if network is None:
            mend = "Write a network such as 10.1.0.0/16, its host bits zero"
            yield place.finding("cidr", f"variable {name} is no network", mend, value=value)
            continue
        whose = own.overlapping(network) or (None if name in defaults else taken.overlapping(network))
        if whose:
            yield place.finding("cidr", f"overlaps with {whose}", "Choose a network that is free", value=value)
        own.add(network, f"its {name}, {network}")
        if name not in defaults:
            taken.add(network, f"{name} of cluster {request.name}, {network}")


def _given(topology: Mapping[str, Any]) -> dict[str, Any]:
    variables = topology.get("variables") or []
    return {each["name"]: each.get("value") for each in variables if _is_network(each.get("name"))}


def _defaults(about: Mapping[str, Any]) -> dict[str, Any]:
    """Networks that a class has a default for."""
    schemas = {each["name"]: each["schema"]["openAPIV3Schema"] for each in about.get("variables") or []}
    return {name: schema["default"] for name, schema in schemas.items() if _is_network(name) and "default" in schema}


def _is_network(name: object) -> bool:
    return isinstance(name, str) and name.lower().endswith("cidr")


def _network(value: object) -> Network | None:
    try:
        return ipaddress.ip_network(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _around(network: Network) -> Iterator[Network]:
    return (network.supernet(new_prefix=prefix) for prefix in range(network.prefixlen))
