"""Whether an environment has proved its release, so that it may be promoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet.status.health import FleetStatus, Health


def against(status: FleetStatus, environment: str, release: Mapping[str, str]) -> Iterator[str]:
    """What speaks against promoting a release from an environment, a line each; nothing where it may be.

    Args:
        release: the values of the environment's release.yaml.
    """
    waves = [each for each in status.waves if each.environment == environment]
    if not waves:
        yield f"the management cluster has no waves of {environment}"
    for wave in waves:
        others = sorted(key for key, value in release.items() if wave.release.get(key) != value)
        if others:
            why = wave.why or "it is on its way"
            yield f"wave {wave.name} has not got this release yet ({', '.join(others)}): {why}"
        elif wave.why:
            yield f"wave {wave.name}: {wave.why}"
    for cluster in status.clusters:
        if cluster.environment == environment and cluster.health is not Health.READY:
            why = cluster.why[0] if cluster.why else "no reason is given"
            yield f"cluster {cluster.name} is {cluster.health}: {why}"
