"""A control plane with the policies of the fleet and one team of the fleet's README; requests sent as that team."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from local_azure.command import CommandFailed, run
from local_azure.toolchain import Toolchain
from local_azure.toolchain.releases import AZURE_CRDS
from tests.fleet.rendering import Fleet
from tests.machine.cluster import Cluster, soon

POLICIES = Path(__file__).parents[2] / "fleet" / "repository" / "policies"
NAMESPACE = "shop-dev"
TEAM = f"system:serviceaccount:{NAMESPACE}:team"
AZURE = (
    "federatedidentitycredentials.managedidentity",
    "resourcegroups.resources",
    "roleassignments.authorization",
    "storageaccounts.storage",
    "userassignedidentities.managedidentity",
)
WRITTEN = ("v1api20200601", "v1api20220401", "v1api20230101", "v1api20230131")
KUSTOMIZATIONS = "kustomizations.kustomize.toolkit.fluxcd.io"

Object = dict[str, Any]


class Team:
    """What the platform gives a team on the management cluster, and what the team then asks for."""

    def __init__(self, cluster: Cluster, tools: Toolchain, fleet: Fleet) -> None:
        self.cluster = cluster
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(_kinds(tools)))
        cluster.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        for policy in ("tenant-azure", "tenant-clusters", "tenant-hydration", "who-approves"):
            cluster.kubectl("apply", "-f", str(POLICIES / f"{policy}.yaml"))
        fleet.team()
        given = fleet.teams()
        for some in ([each for each in given if each["kind"] == "Namespace"], given):  # in Flux's order
            cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(some))
        self.asked = {f"{each['kind']}/{each['metadata']['name']}": each for each in fleet.of_team()}
        wrong = self.named("Cluster/shop-dev-blue", "other")
        assert soon(lambda: "begins with" in self.refused(wrong)), "the policies do not act"
        quota = next(each for each in given if each["kind"] == "ResourceQuota")
        assert soon(lambda: self._counted(quota), 90), self.refused(self.asked["Cluster/shop-dev-blue"])

    def _counted(self, quota: Object) -> bool:
        """Whether the quota counts; one made before its controller saw the new kind is made again."""
        if soon(lambda: "status unknown" not in self.refused(self.asked["Cluster/shop-dev-blue"]), 5):
            return True
        self.cluster.kubectl("-n", NAMESPACE, "delete", "resourcequota", "clusters")
        self.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(quota))
        return False

    def named(self, what: str, name: str) -> Object:
        """What the team asks for, under another name."""
        other = copy.deepcopy(self.asked[what])
        other["metadata"]["name"] = name
        return other

    def refused(self, wanted: Object) -> str:
        """What the API server says against the team applying an object, as Flux does, without doing it."""
        return self._refused("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(wanted))

    def apply(self, wanted: Object) -> str:
        """The same, and do it."""
        return self._refused("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(wanted))

    def sends(self, *words: str) -> str:
        """What the API server says against any kubectl command of the team."""
        return self._refused("-n", NAMESPACE, *words)

    def _refused(self, *words: str, stdin: str | None = None) -> str:
        groups = ("system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
        try:
            self.cluster.kubectl(f"--as={TEAM}", *(f"--as-group={group}" for group in groups), *words, stdin=stdin)
        except CommandFailed as failed:
            return failed.output
        return ""


def _kinds(tools: Toolchain) -> Iterator[Object]:
    """The pinned releases' definitions of Cluster, Flux's and Azure's kinds; no webhook runs here to convert them."""
    for each in AZURE:
        text = (tools.releases / AZURE_CRDS / f"{each}.azure.com.yaml").read_text()
        yield _served(yaml.load(text, yaml.CSafeLoader))
    core = sorted(tools.releases.glob("cluster-api/*/core-components.yaml"))[-1]
    for text in (core.read_text(), run([tools.bin / "flux", "install", "--export"])):
        for document in yaml.load_all(text, Loader=yaml.CSafeLoader):
            kind, name = (document or {}).get("kind"), (document or {}).get("metadata", {}).get("name", "")
            if kind == "CustomResourceDefinition" and (name == "clusters.cluster.x-k8s.io" or "fluxcd" in name):
                document["spec"]["versions"] = [each for each in document["spec"]["versions"] if each["storage"]]
                yield _served(document)


def _served(definition: Object) -> Object:
    """Without conversion; of Azure's kinds the version that people write stands for the stored one."""
    versions = [each for each in definition["spec"]["versions"] if each["name"] in WRITTEN or each["storage"]]
    kept = [each for each in versions if each["name"] in WRITTEN] or versions
    definition["spec"]["versions"] = [{**each, "storage": each is kept[0]} for each in kept]
    definition["spec"].pop("conversion", None)
    definition["metadata"] = {"name": definition["metadata"]["name"]}
    return definition
