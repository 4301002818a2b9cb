"""A planned move: another management cluster beside the first one has the same fleet, until one of them lets go of it.

The other one has the patch of Kubernetes and the release of Flux before the newest, and is upgraded while it has the
fleet: a line each.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.azure.kubernetes_versions import OFFERED
from local_azure.command import run
from local_azure.toolchain import ensure
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import CHECKOUT, FIRST, Local
from tests.faults.agent import agent
from tests.faults.management import changed
from tests.faults.runbook import blocks, commands
from tests.faults.settled import ready

MINUTES = 60.0
INIT, UP, LET_GO = blocks("disaster-recovery.md", "Moving on purpose")
UPGRADE = commands("how-to/upgrade.md", "Do it")
OLDER, NEWER = OFFERED["1.36"]
OLDER_FLUX = "v2.9.4"
NEXT = "next"


class Stacks:
    """The program with two stacks, in a checkout of its own: `local`, which is there, and `next`."""

    def __init__(self, local: Local, checkout: Path) -> None:
        self._local, self._checkout = local, checkout

    def run(self, script: str, *, old: str = "local", new: str = NEXT) -> str:
        """Commands of a runbook, with the stacks in their places."""
        named = script.replace("<old>", old).replace("<new>", new)
        return run(["bash", "-ec", named], env=self._local.env, cwd=self._checkout, timeout=25 * MINUTES)

    def get(self, stack: str, *what: str) -> str:
        """`kubectl get …` on a stack's management cluster."""
        ask = f"""umask 077; pulumi stack output kubeconfig --show-secrets --stack {stack} > {stack}.kubeconfig
            kubectl --kubeconfig {stack}.kubeconfig get {" ".join(what)}; rm {stack}.kubeconfig"""
        return self.run(ask)

    def clusters(self, stack: str) -> str:
        """The names of a management cluster's Clusters."""
        return self.get(stack, "clusters", "-n", CLUSTERS, "-o", "name")

    def images_of_flux(self, stack: str) -> set[str]:
        """What its controllers run."""
        path = "jsonpath='{.items[*].spec.template.spec.containers[0].image}'"
        return set(self.get(stack, "deployments", "-n", "flux-system", "-o", path).split())

    def kubelets(self, stack: str) -> set[str]:
        """The versions of a management cluster's nodes."""
        return set(self.get(stack, "nodes", "-o", "jsonpath='{.items[*].status.nodeInfo.kubeletVersion}'").split())


@pytest.fixture
def stacks(fleet: Local, tmp_path: Path) -> Iterator[Stacks]:
    """A second management cluster may be made; it is gone afterwards."""
    files = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT).splitlines()
    for file in filter(lambda name: (CHECKOUT / name).is_file(), files):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / file, tmp_path / file)
    (tmp_path / ".venv").symlink_to(CHECKOUT / ".venv")
    found = Stacks(fleet, tmp_path)
    yield found
    found.run("SLIPWAY_TEARDOWN=detach pulumi destroy --stack <new> --yes --skip-preview; pulumi stack rm <new> --yes")


def test_a_fleet_has_another_management_cluster_which_is_upgraded_and_lets_go_of_it(
    fleet: Local, stacks: Stacks
) -> None:
    began, nodes, agents = time.time(), _nodes(fleet), agent(fleet)
    stacks.run(INIT)
    stacks.run(f"pulumi config set slipway:kubernetesVersion {OLDER} --stack <new>")
    stacks.run(f"pulumi config set slipway:fluxVersion {OLDER_FLUX} --stack <new>")
    stacks.run(f"export PATH={ensure().bin}/{OLDER_FLUX}:$PATH\n{UP}")
    assert FIRST in stacks.clusters(NEXT)
    assert stacks.kubelets(NEXT) == {f"v{OLDER}"}
    before = stacks.images_of_flux(NEXT)

    stacks.run("pulumi config rm slipway:fluxVersion --stack <new>")
    stacks.run(f"export PULUMI_STACK=<new>\n{UPGRADE.replace('<version>', NEWER)}")
    assert stacks.kubelets(NEXT) == {f"v{NEWER}"}
    assert not before & stacks.images_of_flux(NEXT)
    assert FIRST in stacks.clusters(NEXT)

    # Here it is the new one that goes again, since the other tests have the old one.
    stacks.run(LET_GO, old=NEXT, new="local")
    ready(fleet)
    assert changed(fleet, began) == []
    assert (_nodes(fleet), agent(fleet)) == (nodes, agents)


def _nodes(local: Local) -> list[str]:
    """Of the workload cluster, by identity."""
    return [each["metadata"]["uid"] for each in local.get(FIRST, "nodes")["items"]]
