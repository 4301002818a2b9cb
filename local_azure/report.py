"""What a person sees at the end of `make local`: one table of what runs, and the next things to type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table

from local_azure import environment, first_cluster, git_server
from local_azure.command import CommandFailed, run
from local_azure.progress import console

MANAGEMENT = "management"
"""The management cluster's context in the kubeconfig."""


def show(env: Mapping[str, str]) -> None:
    """Print what runs, and what to type next."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("what", "name", "version", "state"):
        table.add_column(column)
    for row in (*_management(env), *_workload(env)):
        table.add_row(*row)
    console.print()
    console.print(table)
    console.print("[bold]Next[/bold]")
    console.print(_next())


def show_run(durations: Mapping[str, float], *, changed: bool) -> None:
    """Print how many seconds each step of a run took, and whether the run changed anything."""
    steps = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    steps.add_column("step")
    steps.add_column("seconds", justify="right")
    for title, seconds in durations.items():
        steps.add_row(title, f"{seconds:.1f}")
    steps.add_row("in all", f"{sum(durations.values()):.1f}", style="bold")
    console.print()
    console.print(steps)
    if not changed:
        console.print("Nothing had to be changed.")


def _items(env: Mapping[str, str], context: str, *what: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(
            run(["kubectl", "--context", context, "get", *what, "-o", "json"], env=env, timeout=30)
        )["items"]
    except CommandFailed:
        return []
    return found


def _nodes(env: Mapping[str, str], context: str) -> tuple[str, str]:
    nodes = _items(env, context, "nodes")
    ready = [node for node in nodes if first_cluster.condition(node, "Ready")[0]]
    versions = {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}
    return ", ".join(sorted(versions)), f"{len(ready)} of {len(nodes)} nodes ready"


def _management(env: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    yield ("management cluster", MANAGEMENT, *_nodes(env, MANAGEMENT))
    for provider in _items(env, MANAGEMENT, "providers.clusterctl.cluster.x-k8s.io", "-A"):
        metadata = provider["metadata"]
        state = _deployments(env, MANAGEMENT, metadata["namespace"])
        yield ("provider", metadata["name"], provider["version"], state)
    yield ("Flux", "flux-system", _flux_version(env), _deployments(env, MANAGEMENT, "flux-system"))


def _workload(env: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for cluster in _items(env, MANAGEMENT, "clusters.cluster.x-k8s.io", "-A"):
        name = cluster["metadata"]["name"]
        _, nodes = _nodes(env, name)
        phase = cluster["status"].get("phase", "")
        yield ("workload cluster", name, cluster["spec"]["topology"]["version"], f"{phase}, {nodes}")
        for applied in _items(env, name, "kustomizations.kustomize.toolkit.fluxcd.io", "-n", "flux-system"):
            revision = applied.get("status", {}).get("lastAppliedRevision", "").rpartition(":")[2][:7]
            yield ("  its agent applied", applied["metadata"]["name"], revision, _state(applied))
        for add_on in _items(env, name, "deployments", "-A", "-l", "kustomize.toolkit.fluxcd.io/name=workloads"):
            image = add_on["spec"]["template"]["spec"]["containers"][0]["image"]
            ready, wanted = add_on["status"].get("readyReplicas", 0), add_on["spec"]["replicas"]
            yield ("  add-on", add_on["metadata"]["name"], image.rpartition(":")[2], f"{ready} of {wanted} ready")


def _state(found: Mapping[str, Any]) -> str:
    ready, message = first_cluster.condition(found, "Ready")
    return "ready" if ready else message


def _deployments(env: Mapping[str, str], context: str, namespace: str) -> str:
    found = _items(env, context, "deployments", "-n", namespace)
    ready = sum(first_cluster.condition(each, "Available")[0] for each in found)
    return f"{ready} of {len(found)} ready"


def _flux_version(env: Mapping[str, str]) -> str:
    for namespace in _items(env, MANAGEMENT, "namespaces", "-l", "app.kubernetes.io/part-of=flux"):
        return str(namespace["metadata"]["labels"].get("app.kubernetes.io/version", ""))
    return ""


def _next() -> Table:
    first, dev = first_cluster.NAME, first_cluster.ENVIRONMENT
    commands = Table(box=None, pad_edge=False, show_header=False)
    commands.add_column(style="cyan", no_wrap=True)
    commands.add_column(style="dim")
    for command, purpose in (
        (f". {environment.FILE}", "this shell now talks to the local Azure"),
        (f"kubectl --context {MANAGEMENT} get clusters -A", "the fleet"),
        (f"kubectl --context {first} get pods -A", "what its agent applied"),
        ("flux get kustomizations -A", "what Flux reconciles"),
        ("pulumi preview", "what a change to the program or its settings would do"),
        (f"git clone {git_server.url('fleet')}", f"the fleet repository, as {git_server.USERNAME}"),
        (f"cat {git_server.PASSWORD_FILE}", "its password"),
        (f"cp -r environments/{dev}/clusters/{first} …/<name>", "add a cluster: change its name, commit, push"),
        ("make local-down", "remove all of it"),
    ):
        commands.add_row(f"  {command}", purpose)
    return commands
