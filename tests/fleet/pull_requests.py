"""Pull requests to a real fleet repository, made from the seed: what is on main, and a branch that changes it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.fleet.rendering import REPOSITORY, REQUESTS

APPROVAL = (
    "\n  annotations: {slipway.dev/deletion-approved-by: jane@example.com, "
    "slipway.dev/deletion-approved-until: '2030-01-31T18:00:00Z'}"
)
TEAM = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [tenant.yaml]
components: [../../hydration/tenant]
"""
LIMITS = """\
  clusters: "2"
  classes: aks
  regions: northeurope
  sizes: Standard_D2s_v5
  tiers: Free
  pools: "3"
  nodes: "5"
"""
POOL = "      - {{class: user, name: {name}, replicas: {replicas}}}\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git as the team would."""
    identity = ["-c", "user.name=Team", "-c", "user.email=team@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Repository:
    """A clone of a fleet: `shop` and `search` in dev, `web` in staging, `bank` in production."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fleet"
        shutil.copytree(REPOSITORY, self.path)
        git(self.path, "init", "--quiet", "--initial-branch=main")
        for environment, name in (("dev", "shop"), ("dev", "search"), ("staging", "web"), ("production", "bank")):
            self.request(name, environment)
        self.commit("The fleet")
        git(self.path, "tag", "first")

    def reset(self) -> None:
        """Forget all that came after."""
        git(self.path, "switch", "--quiet", "--force-create", "main", "first")
        if git(self.path, "branch", "--list", "change"):
            git(self.path, "branch", "--quiet", "-D", "change")

    def request(self, name: str, environment: str = "dev", example: str = "first", ring: str = "clusters") -> Path:
        """Ask for a cluster as the README tells."""
        directory = self.path / "environments" / environment / ring / name
        shutil.copytree(REQUESTS / example, directory)
        file = directory / "cluster.yaml"
        file.write_text(file.read_text().replace(f"name: {example}", f"name: {name}"))
        return directory

    def directory(self, name: str, environment: str = "dev") -> Path:
        """Where a request is."""
        return self.path / "environments" / environment / "clusters" / name

    def edit(self, file: str, *replacements: tuple[str, str]) -> None:
        """Replace text that is there."""
        path = self.path / file
        text = path.read_text()
        for old, new in replacements:
            assert old in text, f"{file} has no {old!r}"
            text = text.replace(old, new)
        path.write_text(text)

    def cluster(self, name: str, *replacements: tuple[str, str], environment: str = "dev") -> None:
        """Edit the cluster.yaml of a request."""
        self.edit(f"environments/{environment}/clusters/{name}/cluster.yaml", *replacements)

    def approve(self, name: str, environment: str = "dev") -> None:
        """Approve the deletion of a cluster."""
        self.cluster(name, (f"name: {name}\n", f"name: {name}{APPROVAL}\n"), environment=environment)

    def add_pool(self, name: str, pool: str, replicas: int) -> None:
        """Append a pool."""
        path = self.directory(name) / "cluster.yaml"
        path.write_text(path.read_text() + POOL.format(name=pool, replicas=replicas))

    def approve_pool(self, name: str, pool: str) -> None:
        """Approve the removal of a pool."""
        annotations = "metadata: {annotations: {slipway.dev/deletion-approved-by: jane@example.com}}"
        self.cluster(name, (f"name: {pool}, ", f"name: {pool}, {annotations}, "))

    def remove_pool(self, name: str, pool: str) -> None:
        """Leave a pool out."""
        path = self.directory(name) / "cluster.yaml"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if f"name: {pool}," not in line))

    def team(self, name: str = "shop") -> None:
        """Take in a team that may have two clusters of its own in dev, as tenants/README.md tells."""
        who = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {{}}}}\ndata:\n  tenant: {name}\n"
        who += f"  repository: https://git.example.com/{name}/{name}.git\n"
        team, limits = self.path / "tenants" / name, self.path / "environments/dev/tenants" / name
        team.mkdir()
        (team / "tenant.yaml").write_text(who.replace("{}", "tenant") + "  environments: dev\n")
        (team / "kustomization.yaml").write_text(TEAM)
        limits.mkdir()
        (limits / "limits.yaml").write_text(who.replace("{}", "limits") + LIMITS)
        (limits / "kustomization.yaml").write_text(
            "resources: [limits.yaml]\ncomponents: [../../../../management/tenant]\n"
        )

    def commit(self, message: str) -> None:
        """Commit all that is there."""
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", message)

    def branch(self) -> None:
        """Begin a pull request: what is there becomes main."""
        if git(self.path, "status", "--porcelain"):
            self.commit("On main")
        git(self.path, "switch", "--quiet", "-c", "change")
