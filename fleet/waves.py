"""The waves in which a release reaches clusters, as management/waves.yaml lists them for Flux."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

FILE: Final = "management/waves.yaml"
ENVIRONMENTS: Final = "environments"


@dataclass(frozen=True)
class Wave:
    """Clusters that get a release together.

    Attributes:
        name: of its Kustomization on the management cluster, such as dev-canary.
        ring: the directory of its clusters in the environment's.
    """

    name: str
    environment: str
    ring: str

    @property
    def directory(self) -> str:
        """Where its requests are."""
        return f"{ENVIRONMENTS}/{self.environment}/{self.ring}"


def read(text: str) -> tuple[Wave, ...]:
    """The waves of a file's text; none where it is no YAML."""
    try:
        return of(yaml.safe_load_all(text))
    except yaml.YAMLError:
        return ()


def of(documents: Iterable[Any]) -> tuple[Wave, ...]:
    """The waves in their order; without what is malformed, which `fleet validate` tells."""
    return tuple(_waves(documents))


def environments(waves: tuple[Wave, ...]) -> tuple[str, ...]:
    """The environments in their order of promotion."""
    return tuple(dict.fromkeys(each.environment for each in waves))


def _waves(documents: Iterable[Any]) -> Iterator[Wave]:
    for document in documents:
        try:
            path, values = PurePosixPath(document["spec"]["path"]), document["spec"]["postBuild"]["substitute"]
            if path.parent.name == ENVIRONMENTS:
                yield Wave(str(values["wave"]), path.name, str(values["ring"]))
        except (KeyError, TypeError):
            continue
