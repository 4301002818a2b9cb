"""What a user does next: commits one small Cluster to the fleet repository, and waits until its agent hydrated it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_azure import git_server
from local_azure.command import CommandFailed, run
from local_azure.errors import LocalAzureError
from local_azure.progress import wait_until

NAME = "first"
ENVIRONMENT = "dev"
HYDRATION_SECONDS = 600

REQUEST = {
    "cluster.yaml": f"""\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata:
  name: {NAME}
spec:
  topology:
    classRef: {{name: aks}}
    workers:
      machinePools:
        - {{class: system, name: system, replicas: 1}}
""",
    "kustomization.yaml": """\
resources: [cluster.yaml]
components: [../../../../hydration]
""",
}


def request(env: Mapping[str, str]) -> bool:
    """Commit the request to `main` of the fleet repository; returns whether there was anything to commit."""
    with tempfile.TemporaryDirectory(prefix="slipway-fleet-") as folder:
        checkout = clone(env, Path(folder) / "fleet")
        directory = checkout / "environments" / ENVIRONMENT / "clusters" / NAME
        if directory.exists():
            return False
        directory.mkdir(parents=True)
        for name, text in REQUEST.items():
            (directory / name).write_text(text)
        push(env, checkout, f"Add the cluster {NAME} to {ENVIRONMENT}")
    return True


def clone(env: Mapping[str, str], to: Path) -> Path:
    """Clone the fleet repository, as any of its users."""
    git(env, "clone", "--quiet", git_server.url("fleet"), to)
    return to


def push(env: Mapping[str, str], checkout: Path, message: str) -> None:
    """Commit all changes in `checkout`, if there are any, and push them to main."""
    git(env, "-C", checkout, "add", "--all")
    if git(env, "-C", checkout, "status", "--porcelain"):
        git(env, "-C", checkout, "commit", "--quiet", "--message", message)
    git(env, "-C", checkout, "push", "--quiet", "origin", "HEAD:main")


def git(env: Mapping[str, str], *words: str | Path) -> str:
    """Run git as the local user; the password reaches it by a credential helper that reads the environment."""
    helper = '!f() { echo "username=$SLIPWAY_GIT_USERNAME"; echo "password=$SLIPWAY_GIT_PASSWORD"; }; f'
    author = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", "Local user"), ("EMAIL", "user@local.invalid"))
    }
    return run(["git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", *words], env={**env, **author})


def wait_hydrated(
    env: Mapping[str, str], management: str, renew_kubeconfig: Callable[[], None], waiting: Callable[[str], None]
) -> None:
    """Wait until the agent on the workload cluster has applied its workloads from the newest commit.

    Args:
        management: the management cluster's context in the kubeconfig.
        renew_kubeconfig: adds the workload cluster's context, once it is there.

    Raises:
        LocalAzureError: not within HYDRATION_SECONDS; says what was being waited for.
    """
    commit = git(env, "ls-remote", git_server.url("fleet"), "refs/heads/main").split()[0]
    run(["flux", "reconcile", "source", "git", "fleet", "--timeout=60s"], env=env, timeout=90)

    def missing() -> str | None:
        if reason := _not_ready_on_management(env, management):
            return reason
        renew_kubeconfig()
        return _not_hydrated(env, commit)

    try:
        wait_until(missing, waiting, timeout=HYDRATION_SECONDS)
    except TimeoutError as late:
        raise LocalAzureError(
            f"the workload cluster {NAME} was not hydrated: {late}",
            "look: `. /var/lib/slipway/env; clusterctl describe cluster -n clusters "
            f"{NAME}; flux get kustomizations -A`",
        ) from late


def get(env: Mapping[str, str], context: str, kind: str, name: str, namespace: str) -> Any:
    """One Kubernetes object as JSON; None where there is none yet (or no API server to ask)."""
    try:
        return json.loads(
            run(["kubectl", "--context", context, "get", kind, name, "-n", namespace, "-o", "json"], env=env)
        )
    except CommandFailed:
        return None


def condition(found: Any, kind: str) -> tuple[bool, str]:
    """Whether the condition `kind` of an object is True, and its message."""
    for each in (found or {}).get("status", {}).get("conditions", []):
        if each["type"] == kind:
            return each["status"] == "True", str(each.get("message", "")).splitlines()[0] if each.get("message") else ""
    return False, "not there yet"


def _not_ready_on_management(env: Mapping[str, str], context: str) -> str | None:
    for kind, name, wanted in (
        ("clusters.cluster.x-k8s.io", NAME, "Available"),
        ("kustomizations.kustomize.toolkit.fluxcd.io", f"{NAME}-sync", "Ready"),
    ):
        ready, message = condition(get(env, context, kind, name, "clusters"), wanted)
        if not ready:
            return f"{kind.partition('.')[0].rstrip('s')} {name}: {message}"
    return None


def _not_hydrated(env: Mapping[str, str], commit: str) -> str | None:
    found = get(env, NAME, "kustomizations.kustomize.toolkit.fluxcd.io", "workloads", "flux-system")
    ready, message = condition(found, "Ready")
    applied = (found or {}).get("status", {}).get("lastAppliedRevision", "")
    if ready and applied.endswith(commit):
        return None
    return f"agent on {NAME}: {message}"
