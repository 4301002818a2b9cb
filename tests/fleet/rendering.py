"""Renders the fleet repository as Flux does, by kustomize and Flux themselves; needs no cluster."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2] / "fleet" / "repository"
REQUESTS = Path(__file__).parent / "requests"

RUNTIME_INFO = {
    "subscription_id": "11111111-1111-1111-1111-111111111111",
    "tenant_id": "22222222-2222-2222-2222-222222222222",
    "location": "northeurope",
    "management_cluster": "management",
    "resource_group": "management",
    "oidc_issuer_url": "https://northeurope.oic.prod-aks.azure.com/tenant/issuer/",
    "aso_client_id": "33333333-3333-3333-3333-333333333333",
    "capz_client_id": "44444444-4444-4444-4444-444444444444",
    "flux_client_id": "55555555-5555-5555-5555-555555555555",
    "fleet_url": "https://git.example.com/platform/fleet.git",
    "fleet_branch": "main",
    "domain": "fleet.example.com",
}
"""What the program writes into the ConfigMap runtime-info."""

GIT = {"git_username": "flux", "git_password": "12345"}
"""What it writes into the Secret fleet-git-values; a password of digits, since that is the hard case."""

OF_TEAM = {"username": "shop", "password": "67890"}
"""What is made by hand for a team: the Secret shop-git."""

OWNER = "kustomize.toolkit.fluxcd.io/"
SECRET, UNMASKED = "kind: Secret", "kind: Unmasked"

Object = dict[str, Any]


class _ForPeople(yaml.SafeDumper):
    """Shows text of several lines as a block."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_ForPeople.add_representer(str, _text)


class Rendered(list[Object]):
    """Kubernetes objects in the order in which they were rendered."""

    def one(self, kind: str, name: str) -> Object:
        """The object of this kind and name; fails the test where there is none or more than one."""
        found = [each for each in self if each["kind"] == kind and each["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} objects {kind}/{name} among {self.names()}"
        return found[0]

    def names(self) -> list[str]:
        """Every object as "Kind/name", sorted."""
        return sorted(f"{each['kind']}/{each['metadata']['name']}" for each in self)

    def text(self) -> str:
        """As YAML for people, one document an object."""
        return "---\n".join(yaml.dump(each, Dumper=_ForPeople, width=110) for each in self)

    def variables(self) -> set[str]:
        """The names of all ${variables} that Flux would substitute; without those that have a default."""
        return set(re.findall(r"\$\{(\w+)(?:#\w)?\}", self.text()))


def kustomize(path: Path) -> Rendered:
    """`kustomize build PATH`."""
    return _parse(_run("kustomize", "build", str(path)))


def flux(repository: Path, kustomization: Object, values: Mapping[str, str]) -> Rendered:
    """What a Flux Kustomization applies: `flux build`, with `values` for what its substituteFrom names on a cluster.

    The labels by which Flux marks what is its own are left out.
    """
    definition = repository.parent / "kustomization-for-flux.yaml"
    inline = kustomization["spec"].get("postBuild", {}).get("substitute", {})
    spec = {**kustomization["spec"], "postBuild": {"substitute": {**values, **inline}}}
    definition.write_text(json.dumps({**kustomization, "spec": spec}))
    name = kustomization["metadata"]["name"]
    path = repository / kustomization["spec"]["path"]
    arguments = ["--path", str(path), "--kustomization-file", str(definition), "--dry-run", "--strict-substitute"]
    namespace = ["--namespace", kustomization["metadata"]["namespace"]]
    rendered = _parse(_run("flux", "build", "kustomization", name, *arguments, *namespace))
    for each in rendered:
        labels = each["metadata"].get("labels", {})
        for label in [label for label in labels if label.startswith(OWNER)]:
            del labels[label]
        if not labels:
            each["metadata"].pop("labels", None)
    return rendered


def _unmask_secrets(repository: Path) -> None:
    """`flux build` blanks what is in a Secret; so here the repository's Secrets are of another kind until then."""
    for folder in ("hydration", "management/tenant"):
        for file in (repository / folder).rglob("*.yaml"):
            text = re.sub(f"^{SECRET}$", UNMASKED, file.read_text(), flags=re.MULTILINE)
            file.write_text(text.replace("kind: ConfigMap|Secret|", "kind: ConfigMap|Unmasked|"))


class Fleet:
    """A fleet repository in a folder of its own, with clusters requested in environment dev."""

    def __init__(self, folder: Path) -> None:
        self.path, self.own = folder / "fleet", folder / "team" / "repository"
        shutil.copytree(REPOSITORY, self.path)
        _unmask_secrets(self.path)

    def request(
        self,
        cluster: str,
        manifest: str | None = None,
        example: str = "first",
        ring: str = "clusters",
        component: str | None = None,
    ) -> Path:
        """Add an example request under another name; with another cluster.yaml, with one more component."""
        directory = self.path / "environments" / "dev" / ring / cluster
        shutil.copytree(REQUESTS / example, directory)
        file = directory / "cluster.yaml"
        file.write_text((manifest or file.read_text()).replace(f"name: {example}", f"name: {cluster}"))
        kustomization = directory / "kustomization.yaml"
        if component:
            text = kustomization.read_text()
            kustomization.write_text(text.replace("components: [", f"components: [../../../../{component}, "))
        return directory

    def team(self) -> None:
        """Add the team of tenants/README.md, as it says, with one cluster of its own in its repository's folder."""
        for path, text in readme_files(self.path / "tenants" / "README.md").items():
            file = (self.own if path.startswith("clusters/") else self.path) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        request = (REQUESTS / "first" / "cluster.yaml").read_text()
        (self.own / "clusters/dev/blue/cluster.yaml").write_text(request.replace("name: first", "name: shop-dev-blue"))
        for folder in ("hydration", "tenants"):  # what Flux includes
            shutil.copytree(self.path / folder, self.own / "fleet" / folder)

    def wave(self, name: str = "dev") -> Rendered:
        """What the management cluster gets of a release for one wave, beside its clusters."""
        release = kustomize(self.path / "management").one("Kustomization", f"{name}-release")
        return flux(self.path, release, RUNTIME_INFO)

    def environment(self, name: str = "dev") -> Rendered:
        """What the management cluster gets for the clusters of one wave; by default dev, without its canaries."""
        wave = self.wave(name)
        settings = wave.one("ConfigMap", f"{name}-settings")["data"]
        return flux(self.path, wave.one("Kustomization", name), {**RUNTIME_INFO, **GIT, **settings})

    def teams(self, name: str = "dev") -> Rendered:
        """What the management cluster gets for the teams of an environment."""
        wave = self.wave(name)
        settings, release = (wave.one("ConfigMap", f"{name}-{file}")["data"] for file in ("settings", "release"))
        return flux(
            self.path, wave.one("Kustomization", f"{name}-tenants"), {**RUNTIME_INFO, **GIT, **settings, **release}
        )

    def of_team(self) -> Rendered:
        """What the management cluster applies from the team's own repository."""
        return flux(self.own, self.teams().one("Kustomization", "team"), {})

    def on_cluster(self, cluster: str) -> Rendered:
        """What the management cluster applies to a workload cluster beside the agent."""
        return flux(self.path, self.environment().one("Kustomization", f"{cluster}-sync"), GIT)

    def team_on_cluster(self, cluster: str) -> Rendered:
        """What it applies there for the team."""
        return flux(self.path, self.environment().one("Kustomization", f"{cluster}-shop"), OF_TEAM)

    def workloads(self, cluster: str) -> Rendered:
        """What the agent on a workload cluster applies."""
        synced = self.on_cluster(cluster)
        info = synced.one("ConfigMap", "cluster-info")["data"]
        return flux(self.path, synced.one("Kustomization", "workloads"), info)


def seeded(folder: Path) -> Fleet:
    """The seed with one request, its Secrets as they are."""
    fleet = Fleet(folder)
    for name in ("hydration", "management"):
        shutil.copytree(REPOSITORY / name, fleet.path / name, dirs_exist_ok=True)
    fleet.request("first")
    return fleet


def readme_files(readme: Path) -> dict[str, str]:
    """The files that a page shows, by path: blocks of YAML that begin with their path as a comment."""
    return dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", readme.read_text(), re.DOTALL))


def _parse(text: str) -> Rendered:
    return Rendered(each for each in yaml.safe_load_all(text.replace(UNMASKED, SECRET)) if each)


def _run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.fail(f"{program} is not on PATH; `make toolchain` builds it, `make unit` finds it", pytrace=False)
    command: Sequence[str] = [program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RenderingError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


class RenderingError(Exception):
    """What kustomize or Flux said when they refused."""
