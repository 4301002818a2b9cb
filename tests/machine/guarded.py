"""A control plane with the fleet's kinds and the guards of fleet/repository/policies, and requests to it by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from local_azure.command import CommandFailed
from local_azure.toolchain import Toolchain
from tests.machine.cluster import Cluster, soon

POLICIES = Path(__file__).parents[2] / "fleet" / "repository" / "policies"
NAMESPACE = "clusters"

CAPI = "system:serviceaccount:capi-system:capi-manager"
CAPZ = "system:serviceaccount:capz-system:capz-manager"
FLUX = "system:serviceaccount:flux-system:kustomize-controller"
TENANT = "system:serviceaccount:team-a:flux"

BY = "slipway.dev/deletion-approved-by"
UNTIL = "slipway.dev/deletion-approved-until"
OWNED = "sigs.k8s.io/cluster-api-provider-azure-owned-aso-kinds"
MOVED = "clusterctl.cluster.x-k8s.io/delete-for-move"
DATA = "slipway.dev/holds-data"
POLICY = "serviceoperator.azure.com/reconcile-policy"

CLUSTER = "cluster.x-k8s.io/v1beta2"
INFRASTRUCTURE = "infrastructure.cluster.x-k8s.io/v1beta1"
RESOURCES = "resources.azure.com/v1api20200601"
AKS = "containerservice.azure.com/v1api20240901"
KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"

Object = dict[str, Any]


def approval(hours: float = 1) -> dict[str, str]:
    """Annotations that approve a deletion for so long from now."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    return {BY: "jane@example.com", UNTIL: until.strftime("%Y-%m-%dT%H:%M:%SZ")}


class Guarded:
    """Objects are made by the administrator; every request under test is sent by a name of its own."""

    def __init__(self, cluster: Cluster, tools: Toolchain) -> None:
        self.cluster = cluster
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(_definitions(tools)))
        cluster.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_accounts()))
        cluster.kubectl("apply", "-k", str(POLICIES))
        definition = "crd/managedclusters.containerservice.azure.com"
        # The API server takes up policies a moment after they are written.
        assert soon(lambda: self.refused("delete", definition)), "the guards do not act"

    def make(self, api: str, kind: str, name: str, **more: Any) -> str:
        """Create an object, as its administrator; returns what kubectl calls it."""
        metadata = {"name": name, "namespace": NAMESPACE, **more.pop("metadata", {})}
        document = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": {}, **more}
        self.cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump(document))
        return f"{kind.lower()}s.{api.partition('/')[0]}/{name}"

    def chain(self, name: str) -> dict[str, str]:
        """A Cluster and all that stands for it, owned and referred to as Cluster API does; by kind."""
        refers = {
            field: {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": kind, "name": name}
            for field, kind in (
                ("infrastructureRef", "AzureASOManagedCluster"),
                ("controlPlaneRef", "AzureASOManagedControlPlane"),
            )
        }
        finalized = {"finalizers": ["test.slipway.dev/held"]}
        made = {"Cluster": self.make(CLUSTER, "Cluster", name, metadata=finalized, spec=refers)}
        for api, kind, owner in (
            (INFRASTRUCTURE, "AzureASOManagedCluster", "Cluster"),
            (INFRASTRUCTURE, "AzureASOManagedControlPlane", "Cluster"),
            (RESOURCES, "ResourceGroup", "AzureASOManagedCluster"),
            (AKS, "ManagedCluster", "AzureASOManagedControlPlane"),
        ):
            metadata = {"ownerReferences": [self.reference(made[owner])], **finalized}
            if api == INFRASTRUCTURE:
                metadata["annotations"] = {OWNED: "ResourceGroup.v1api20200601.resources.azure.com"}
            made[kind] = self.make(api, kind, name, metadata=metadata, spec=_specs(kind))
        return made

    def reference(self, what: str) -> Object:
        """An owner reference to an object."""
        owner = self.get(what)
        return {"apiVersion": owner["apiVersion"], "kind": owner["kind"]} | {
            key: owner["metadata"][key] for key in ("name", "uid")
        }

    def get(self, what: str) -> Object:
        """The object as it is."""
        found: Object = self.cluster.get("-n", NAMESPACE, what)
        return found

    def exists(self, what: str) -> bool:
        """Whether the object is there, being deleted or not."""
        return bool(self.cluster.kubectl("-n", NAMESPACE, "get", what, "--ignore-not-found", "-o", "name"))

    def annotate(self, what: str, annotations: Mapping[str, str | None], by: str = "") -> str:
        """What the API server says against it; empty when it is done."""
        patch = json.dumps({"metadata": {"annotations": dict(annotations)}})
        return self._refused("patch", what, "--type=merge", "--patch", patch, *_as(by))

    def moved(self, what: str) -> str:
        """What the API server says against what `clusterctl move` does before it deletes."""
        patch = json.dumps([{"op": "add", "path": "/metadata/annotations", "value": {MOVED: ""}}])
        return self._refused("patch", what, "--type=json", "--patch", patch)

    def pause(self, what: str) -> None:
        """As `clusterctl move` does first."""
        self.cluster.kubectl("-n", NAMESPACE, "patch", what, "--type=merge", "--patch", '{"spec":{"paused":true}}')

    def label(self, what: str, labels: Mapping[str, str | None], by: str = "") -> str:
        """What the API server says against it; empty when it is done."""
        return self._refused(
            "patch", what, "--type=merge", "--patch", json.dumps({"metadata": {"labels": labels}}), *_as(by)
        )

    def refused(self, verb: str, what: str, by: str = "") -> str:
        """What the API server says against `kubectl VERB`, without doing it; empty when it would."""
        return self._refused(verb, what, "--dry-run=server", *_as(by))

    def delete(self, what: str, by: str = "") -> str:
        """What the API server says against deleting it; empty when it is deleted, or waits for its finalizers."""
        return self._refused("delete", what, "--wait=false", *_as(by))

    def _refused(self, *words: str) -> str:
        try:
            self.cluster.kubectl("-n", NAMESPACE, *words)
        except CommandFailed as failed:
            return failed.output
        return ""


def _as(name: str) -> list[str]:
    """Flags to act as a service account; none for the administrator."""
    return [f"--as={name}", "--as-group=system:authenticated", "--as-group=system:serviceaccounts"] if name else []


def _specs(kind: str) -> Object:
    """The least that the kind takes."""
    specs: dict[str, Object] = {
        "ResourceGroup": {"location": "northeurope"},
        "ManagedCluster": {"location": "northeurope", "owner": {"name": "any"}},
    }
    return specs.get(kind, {})


def _definitions(tools: Toolchain) -> Iterator[Object]:
    """The pinned releases' definitions of the kinds; no webhook runs here to convert between their versions."""
    core = sorted(tools.releases.glob("cluster-api/*/core-components.yaml"))[-1]
    azure = sorted(tools.releases.glob("infrastructure-azure/*/infrastructure-components.yaml"))[-1]
    aso = [
        tools.releases / "azure-service-operator-crds" / f"{name}.azure.com.yaml"
        for name in (
            "managedclusters.containerservice",
            "managedclustersagentpools.containerservice",
            "resourcegroups.resources",
        )
    ]
    flux = tools.releases / "flux" / "gotk-components.yaml"
    for file in (core, azure, *aso, flux):
        for document in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader):
            if document and document["kind"] == "CustomResourceDefinition" and _used(document["metadata"]["name"]):
                document["spec"].pop("conversion", None)
                document["spec"]["versions"] = [each for each in document["spec"]["versions"] if _needed(each)]
                document["metadata"] = {"name": document["metadata"]["name"]}
                yield document


def _needed(version: Object) -> bool:
    """Only what is asked for here or stored: ten versions of a large kind keep an API server busy for long."""
    return version["storage"] or version["name"] in {api.partition("/")[2] for api in (RESOURCES, AKS)}


def _used(name: str) -> bool:
    return (
        name == "clusters.cluster.x-k8s.io"
        or name.startswith(("azureasomanaged", "azureclusters."))
        or name.endswith(".azure.com")
        or name == "kustomizations.kustomize.toolkit.fluxcd.io"
    ) and "templates." not in name


def _accounts() -> list[Object]:
    """The rights of who sends requests: Flux's are all; nobody else may touch the guards."""
    fleet = [api.partition("/")[0] for api in (CLUSTER, INFRASTRUCTURE, RESOURCES, AKS, KUSTOMIZE)]
    rbac = "rbac.authorization.k8s.io"

    def role(name: str, rules: list[Object]) -> Object:
        return {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}

    def binding(role_name: str, *users: str) -> Object:
        return {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"test-{role_name}"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role_name},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": user} for user in users],
        }

    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "empty"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "azure-only"}},
        role("fleet", [{"apiGroups": fleet, "resources": ["*"], "verbs": ["*"]}]),
        binding("fleet", CAPI, CAPZ, TENANT),
        binding("cluster-admin", FLUX),
    ]
