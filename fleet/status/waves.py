"""How far a release has come: the waves of each environment, from their Kustomizations on the management cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from fleet.status.flux import Kustomization
from fleet.status.inventory import FLUX, Inventory
from fleet.status.problems import DEPENDENCY, of_kustomization
from fleet.waves import ENVIRONMENTS

RELEASE: Final = "-release"
"""Behind the name of a wave: the Kustomization that gives it its release."""


@dataclass(frozen=True)
class WaveStatus:
    """One wave.

    Attributes:
        release: the values that it has.
        coming: those values of the wave before that are others; empty where the release has arrived.
        why: what keeps the wave, or those that wait for it, from going on; empty where nothing does.
    """

    name: str
    environment: str
    ring: str
    release: dict[str, str]
    coming: dict[str, str]
    why: str


def judge(inventory: Inventory) -> tuple[WaveStatus, ...]:
    """All waves in the order in which they get a release."""

    def place(wave: Kustomization) -> tuple[tuple[int, str], int]:
        return inventory.rank(_place(wave).parent.name), _depth(wave, inventory)

    judged: list[WaveStatus] = []
    for wave in sorted(_waves(inventory), key=place):
        before = next((each for each in judged if each.name in _awaited(wave, inventory)), None)
        release = dict(wave.spec.post_build.substitute)
        newer = {**before.release, **before.coming} if before else release
        judged.append(
            WaveStatus(
                name=wave.metadata.name,
                environment=_place(wave).parent.name,
                ring=_place(wave).name,
                release=release,
                coming={key: value for key, value in newer.items() if release.get(key) != value},
                why=next(_why(wave, inventory), ""),
            )
        )
    return tuple(judged)


def _waves(inventory: Inventory) -> Iterator[Kustomization]:
    for (namespace, _), each in inventory.kustomizations.items():
        if namespace == FLUX and _place(each).parent.parent.name == ENVIRONMENTS and _gate(each, inventory):
            yield each


def _place(wave: Kustomization) -> PurePosixPath:
    """Where its clusters are: environments/<environment>/<ring>."""
    return PurePosixPath(wave.spec.path)


def _gate(wave: Kustomization, inventory: Inventory) -> Kustomization | None:
    return inventory.kustomizations.get((FLUX, wave.metadata.name + RELEASE))


def _awaited(wave: Kustomization, inventory: Inventory) -> set[str]:
    gate = _gate(wave, inventory)
    return {each.name for each in gate.spec.depends_on} if gate else set()


def _depth(wave: Kustomization, inventory: Inventory) -> int:
    """How many waves are before it."""
    seen: set[str] = set()
    following = [wave.metadata.name]
    while following:
        name = following.pop()
        each = inventory.kustomizations.get((FLUX, name))
        if each and name not in seen:
            seen.add(name)
            following += _awaited(each, inventory)
    return len(seen)


def _why(wave: Kustomization, inventory: Inventory) -> Iterator[str]:
    yield from (problem.words for problem in of_kustomization(wave, inventory))
    gate = _gate(wave, inventory)
    ready = gate.condition("Ready") if gate else None
    if ready and ready.status == "False":
        waits = ready.reason == DEPENDENCY
        yield f"waits until {', '.join(sorted(_before(wave, inventory)))} is well" if waits else ready.message


def _before(wave: Kustomization, inventory: Inventory) -> set[str]:
    return {name for name in _awaited(wave, inventory) if not name.endswith(RELEASE)}
