"""Many workload clusters as people have them: merged into the fleet repository, and removed by two merges.

They are a crowd: docs/local-azure.md says what is not real about them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from local_azure import first_cluster
from local_azure.command import CommandFailed
from local_azure.progress import wait_until
from management_cluster.hand_off import CLUSTERS
from tests.e2e import merges
from tests.e2e.local import MANAGEMENT, Local

PREFIX: Final = "crowd-"
LOOK_SECONDS: Final = 10.0
"""Between two looks; objects themselves say when they became what they are."""

KUSTOMIZATION: Final = """\
resources: [cluster.yaml]
components: [../../../../hydration]
patches:  # no agent runs where there are no machines, so nobody waits for it
- target: {kind: Kustomization}
  patch: "- {op: replace, path: /spec/wait, value: false}"
"""
CLUSTER_KIND: Final = "clusters.cluster.x-k8s.io"
FLUX_KIND: Final = "kustomizations.kustomize.toolkit.fluxcd.io"
APPROVED: Final = r"{.metadata.annotations.slipway\.dev/deletion-approved-by}"


class Crowd:
    """`clusters` clusters of class aks with one node each, in environment dev."""

    def __init__(self, local: Local, clusters: int) -> None:
        self._local = local
        self.names = [f"{PREFIX}{number:04}" for number in range(1, clusters + 1)]

    def request(self) -> None:
        """Merge the requests, and have Flux look."""
        self._local.set(crowd=f"^{PREFIX}")
        self._merge(f"{len(self.names)} clusters to measure with", lambda fleet: self._each(write, fleet))

    def wait_available(self, waiting: Callable[[str], None], seconds: float) -> None:
        """Wait until all are Available; raises TimeoutError."""
        self._wait(lambda: self._lacking(CLUSTER_KIND, _status("Available")), waiting, seconds)

    def wait_applied(self, waiting: Callable[[str], None], seconds: float) -> None:
        """Wait until Flux has applied agent and source to all; raises TimeoutError."""
        self._wait(lambda: self._lacking(FLUX_KIND, _status("Ready"), "-sync"), waiting, seconds)

    def available_since(self) -> list[float]:
        """When each became Available (Unix seconds, whole ones), the earliest first."""
        times = self._states(CLUSTER_KIND, '{.status.conditions[?(@.type=="Available")].lastTransitionTime}')
        return sorted(datetime.fromisoformat(times[name]).timestamp() for name in self.names)

    def remove(self, waiting: Callable[[str], None], seconds: float) -> None:
        """Merge the approval of their deletion, and when it has arrived that they are gone; raises TimeoutError."""
        self._merge("Approve the deletion of what was measured with", lambda fleet: self._each(merges.approve, fleet))
        self._wait(lambda: self._lacking(CLUSTER_KIND, APPROVED), waiting, seconds)
        self._merge("Remove what was measured with", lambda fleet: self._each(merges.remove, fleet))
        self._wait(lambda: sorted(set(self.names) & set(self._states(CLUSTER_KIND, ""))), waiting, seconds)

    def _each(self, merge: Callable[[Path, str], None], fleet: Path) -> None:
        for name in self.names:
            merge(fleet, name)

    def _merge(self, message: str, edit: Callable[[Path], object]) -> None:
        self._local.commit(message, edit)
        self._local.reconcile(MANAGEMENT, "source", "git", "fleet")

    def _wait(self, left: Callable[[], list[str]], waiting: Callable[[str], None], seconds: float) -> None:
        def reason() -> str | None:
            try:
                found = left()
            except CommandFailed as failed:  # the API server is busy
                return str(failed).splitlines()[0]
            return f"{len(found)} of {len(self.names)}, such as {found[0]}" if found else None

        wait_until(reason, waiting, timeout=seconds, interval=LOOK_SECONDS)

    def _lacking(self, kind: str, path: str, suffix: str = "") -> list[str]:
        """Those whose object of this kind, called as they are with `suffix`, has nothing or no truth at `path`."""
        states = self._states(kind, path)
        return [name for name in self.names if states.get(name + suffix, "") in ("", "False", "Unknown")]

    def _states(self, kind: str, path: str) -> dict[str, str]:
        """What the objects of a kind have at `path` (JSONPath), by name."""
        lines = "{range .items[*]}{.metadata.name} " + path + '{"\\n"}{end}'
        words = ["kubectl", "--context", MANAGEMENT, "get", kind, "-n", CLUSTERS, "-o", f"jsonpath={lines}"]
        found = self._local.run(*words).splitlines()
        return {name: state for name, _, state in (line.partition(" ") for line in found)}


def write(fleet: Path, name: str) -> None:
    """The request of one of them."""
    directory = fleet / merges.CLUSTERS / name
    directory.mkdir(exist_ok=True)
    request = first_cluster.REQUEST["cluster.yaml"].replace(f"name: {first_cluster.NAME}\n", f"name: {name}\n")
    (directory / "cluster.yaml").write_text(request)
    (directory / "kustomization.yaml").write_text(KUSTOMIZATION)


def _status(condition: str) -> str:
    return '{.status.conditions[?(@.type=="' + condition + '")].status}'
