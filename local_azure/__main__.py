"""`python -m local_azure up|down|status`: the main job on this machine, its end, and what runs now."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from rich.markup import escape

from local_azure import environment, first_cluster, kubeconfig, program, report, services, toolchain
from local_azure.azure_native import install as azure_native
from local_azure.clusters import Clusters
from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE
from local_azure.machine import cleanup, packages, preflight
from local_azure.progress import Progress, console


def up() -> None:
    """From nothing to a hydrated workload cluster; what exists already is left as it is."""
    progress = Progress()
    with progress.step("this machine can do it"):
        if os.geteuid() == 0:
            packages.install_missing()
        preflight.check()
    with progress.step("tools and images"):
        tools = toolchain.ensure()
    with progress.step("local Azure") as waiting:
        services.start(tools, waiting)
        azure_native.install(tools.bin)
    env = {**environment.variables(tools), **environment.secrets()}
    with progress.step("pulumi up: management cluster, providers, Flux, fleet repository") as waiting:
        outcome = program.up(env, waiting)
    renew = partial(write_kubeconfig, Clusters(tools.bin), outcome.outputs["management_cluster"])
    renew()
    with progress.step(f"the cluster {first_cluster.NAME}, from its commit to its workloads") as waiting:
        requested = first_cluster.request(env)
        first_cluster.wait_hydrated(env, report.MANAGEMENT, renew, waiting)
    report.show_run(progress.durations, changed=requested or not outcome.unchanged)
    report.show(env)


def write_kubeconfig(clusters: Clusters, management_cluster: str) -> None:
    """Renew the people's kubeconfig: a context for every cluster there is."""
    named = {
        report.MANAGEMENT if spec.name == management_cluster else spec.name: clusters.admin_kubeconfig(spec.resource_id)
        for spec in clusters.list()
    }
    kubeconfig.write(named, current=report.MANAGEMENT)


def down() -> None:
    """Remove everything the local Azure made on this machine; the cache of tools stays."""
    with Progress().step("local Azure removed"):
        removed = cleanup.remove_everything()
    console.print(f"  {removed}; tools and images stay in {CACHE}")


def status() -> None:
    """Show what runs."""
    if not environment.FILE.exists():
        raise LocalAzureError("no local Azure runs on this machine", "make local")
    tools = toolchain.ensure()
    report.show(environment.variables(tools))


@contextmanager
def alone() -> Iterator[None]:
    """Hold this machine's lock, so that two runs cannot work on one local Azure.

    Raises:
        LocalAzureError: another run holds it.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalAzureError("another run works on this machine's local Azure", "wait for it to end") from None
        yield


def main() -> int:
    """Run one command; every error is one message, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="local_azure", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status"])
    command = {"up": up, "down": down, "status": status}[parser.parse_args().command]
    try:
        with alone():
            command()
    except LocalAzureError as error:
        console.print(f"\n[red]{escape(str(error))}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. Nothing is lost: `make local` goes on, `make local-down` removes it.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
