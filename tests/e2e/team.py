"""The team `shop` of the fleet's own page about teams: added to the fleet, with a repository to commit to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local_azure import first_cluster, git_server
from local_azure.command import run
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import CHECKOUT, FIRST, MANAGEMENT, Local, eventually
from tests.fleet.rendering import readme_files

NAMESPACE = "shop-dev"
"""Of the team on the management cluster; on workload clusters it is `shop`."""

PAGE = readme_files(CHECKOUT / "fleet/repository/tenants/README.md")
OWN_HYDRATION = PAGE["clusters/dev/blue/kustomization.yaml"]
SOURCE = "https://git.example.com/shop/shop.git"
MANY, ONE = 'clusters: "2"', 'clusters: "1"'
"""So that a second one is too many already."""

Object = dict[str, Any]


class Team:
    """Where its people stand: they have their own repository and see what Flux says of it."""

    def __init__(self, local: Local) -> None:
        self.local = local

    def join(self) -> None:
        """What the platform does for a team, as its page says; the team is on the cluster `first` as well."""
        shutil.rmtree(git_server.REPOSITORIES / "shop.git", ignore_errors=True)  # of an earlier run
        git_server.prepare("shop")
        self.commit("Begin", {"clusters/dev/README.md": "Our clusters\n", "applications/dev/README.md": "Ours\n"})
        self.local.commit("Add team shop", _added)
        self.local.reconcile(MANAGEMENT, "kustomization", "dev-tenants", "--with-source")
        eventually(lambda: self.local.get(MANAGEMENT, "namespace", NAMESPACE), 60, "the team's namespace")
        for namespace in (NAMESPACE, CLUSTERS):
            credential = {"username": git_server.USERNAME, "password": self.local.env["SLIPWAY_GIT_PASSWORD"]}
            self.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": "shop-git", "namespace": namespace},
                    "stringData": credential,
                }
            )

    def leave(self) -> None:
        """Take the team out of the fleet; its namespace is deleted by hand, as nothing prunes it."""
        self.local.commit("Remove team shop", _removed)
        self.local.reconcile(MANAGEMENT, "kustomization", "dev-tenants", "--with-source")
        self.local.run("kubectl", "--context", MANAGEMENT, "delete", "namespace", NAMESPACE, timeout=180)

    def apply(self, what: Object) -> None:
        """Apply an object to the management cluster as its administrator."""
        words = ["kubectl", "--context", MANAGEMENT, "apply", "--server-side", "-f", "-"]
        run(words, env=self.local.env, stdin=yaml.safe_dump(what))

    def commit(self, message: str, files: Mapping[str, str]) -> str:
        """Push a commit that adds files to the team's repository; returns its hash."""
        with self._clone() as checkout:
            for name, text in files.items():
                (checkout / name).parent.mkdir(parents=True, exist_ok=True)
                (checkout / name).write_text(text)
            return self._push(checkout, message)

    def remove(self, path: str) -> str:
        """Push a commit without a folder."""
        with self._clone() as checkout:
            shutil.rmtree(checkout / path)
            return self._push(checkout, f"Remove {path}")

    @contextmanager
    def _clone(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            checkout = Path(folder) / "shop"
            first_cluster.git(self.local.env, "clone", "--quiet", git_server.url("shop"), checkout)
            yield checkout

    def _push(self, checkout: Path, message: str) -> str:
        first_cluster.push(self.local.env, checkout, message)
        return first_cluster.git(self.local.env, "-C", checkout, "rev-parse", "HEAD").strip()

    def said(self, commit: str) -> str:
        """What Flux on the management cluster says against a commit of the team; empty when it applied it."""
        self.local.reconcile(MANAGEMENT, "source", "git", "team", "-n", NAMESPACE)
        return said(self.local, MANAGEMENT, NAMESPACE, "team", commit)

    def said_on(self, cluster: str, commit: str) -> str:
        """The same of the agent on a workload cluster, about the team's applications."""
        self.local.reconcile(cluster, "source", "git", "applications", "-n", "shop")
        return said(self.local, cluster, "shop", "applications", commit)

    def see(self, cluster: str) -> None:
        """Have a context of this name, once there is the cluster."""
        self.local.see(cluster)


def said(local: Local, context: str, namespace: str, name: str, commit: str = "") -> str:
    """What a Kustomization says once it has tried `commit`, or anything; empty when it is ready."""

    def judged() -> Object | None:
        status = (local.get(context, "kustomization", name, "-n", namespace) or {}).get("status", {})
        ready: Object = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
        tried = str(status.get("lastAttemptedRevision", ""))
        return ready if tried.endswith(commit) and ready.get("status") in ("True", "False") else None

    eventually(judged, 120, f"the Kustomization {namespace}/{name} has tried {commit}")
    ready = judged() or {}
    return "" if ready.get("status") == "True" else str(ready.get("message"))


def _added(fleet: Path) -> None:
    for name, text in PAGE.items():
        if not name.startswith("clusters/"):
            (fleet / name).parent.mkdir(parents=True, exist_ok=True)
            ours = text.replace(SOURCE, git_server.url("shop")).replace(MANY, ONE)
            (fleet / name).write_text(ours.replace("StorageAccount,", "StorageAccount, FlexibleServer, Vault,"))
    _kustomization(fleet).write_text(
        _kustomization(fleet).read_text().replace("components: [", "components: [../../../../tenants/shop, ")
    )


def _removed(fleet: Path) -> None:
    for folder in ("tenants/shop", "environments/dev/tenants/shop"):
        shutil.rmtree(fleet / folder)
    _kustomization(fleet).write_text(_kustomization(fleet).read_text().replace("../../../../tenants/shop, ", ""))


def _kustomization(fleet: Path) -> Path:
    return fleet / "environments/dev/clusters" / FIRST / "kustomization.yaml"
