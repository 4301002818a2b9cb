"""The fleet's objects on the management cluster, whatever their kinds: Clusters, Azure resources, Kustomizations."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lightkube.generic_resource import GenericNamespacedResource, create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

from external.kubernetes_api import KubernetesApi, NotThere

APPROVED_BY: Final = "slipway.dev/deletion-approved-by"
APPROVED_UNTIL: Final = "slipway.dev/deletion-approved-until"
RECONCILE_POLICY: Final = "serviceoperator.azure.com/reconcile-policy"
AZURE: Final = ".azure.com"
"""How the API groups of Azure Service Operator end."""

PROVIDER: Final = "infrastructure.cluster.x-k8s.io"
"""API group of the objects by which Cluster API's Azure provider owns resources."""

NOTES: Final = "teardown"
_NOTES_NAMESPACE: Final = "flux-system"


@dataclass(frozen=True)
class Item:
    """One object, and the kind by which it is patched and deleted."""

    kind: type[GenericNamespacedResource]
    content: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata, as the API server gives it."""
        found: Mapping[str, Any] = self.content["metadata"]
        return found

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata["namespace"], self.metadata["name"]

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations; none is an empty mapping."""
        return self.metadata.get("annotations") or {}

    @property
    def deleting(self) -> bool:
        """Whether its deletion was accepted."""
        return "deletionTimestamp" in self.metadata

    @property
    def of_a_cluster(self) -> bool:
        """Whether Cluster API's provider owns it, and will delete it with its cluster."""
        return any(owner["apiVersion"].startswith(PROVIDER) for owner in self.metadata.get("ownerReferences") or [])

    @property
    def words(self) -> str:
        """Kind, namespace and name, for people."""
        return f"{self.content['kind']} {'/'.join(self.key)}"

    def condition(self, type_: str) -> Mapping[str, Any]:
        """The condition of a type; empty where there is none."""
        found = (self.content.get("status") or {}).get("conditions") or []
        return next((each for each in found if each["type"] == type_), {})


class FleetObjects:
    """Every method raises ExternalError, in words, when the management cluster does not answer or refuses.

    Args:
        kubeconfig: administrator's credentials, YAML text.
    """

    def __init__(self, kubeconfig: str) -> None:
        self._api = KubernetesApi(kubeconfig)

    def clusters(self) -> list[Item]:
        """All Clusters."""
        return self._listed("cluster.x-k8s.io")

    def azure(self) -> list[Item]:
        """All resources of Azure Service Operator, of whatever kind is installed."""
        return self._listed(AZURE)

    def kustomizations(self) -> list[Item]:
        """All Kustomizations of Flux."""
        return self._listed("kustomize.toolkit.fluxcd.io")

    def merge(self, item: Item, patch: Mapping[str, Any]) -> None:
        """Change an object by a JSON merge patch; one that is gone meanwhile is left so."""
        namespace, name = item.key
        with suppress(NotThere), self._api.asked() as client:
            client.patch(item.kind, name, dict(patch), namespace=namespace, patch_type=PatchType.MERGE)

    def annotate(self, item: Item, annotations: Mapping[str, str]) -> None:
        """Set annotations of an object."""
        self.merge(item, {"metadata": {"annotations": dict(annotations)}})

    def delete(self, item: Item) -> None:
        """Ask for an object's deletion; one that is gone already is fine."""
        namespace, name = item.key
        with suppress(NotThere), self._api.asked() as client:
            client.delete(item.kind, name, namespace=namespace)

    def apply(self, item: Item) -> None:
        """Create an object, or make it so."""
        made = item.kind.from_dict(dict(item.content))
        with self._api.asked() as client:
            client.apply(made, field_manager="slipway", force=True)

    def notes(self) -> dict[str, str]:
        """What an earlier teardown noted here; empty where none did."""
        try:
            with self._api.asked() as client:
                return dict(client.get(ConfigMap, NOTES, namespace=_NOTES_NAMESPACE).data or {})
        except NotThere:
            return {}

    def note(self, data: Mapping[str, str]) -> None:
        """Note something that the next teardown needs if this one is killed."""
        metadata = ObjectMeta(name=NOTES, namespace=_NOTES_NAMESPACE)
        made = ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata, data=dict(data))
        with suppress(NotThere), self._api.asked() as client:
            client.apply(made, field_manager="slipway", force=True)

    def _listed(self, group: str) -> list[Item]:
        found: list[Item] = []
        for name, kind in self._kinds:
            if name == group or (group == AZURE and name.endswith(AZURE)):
                with suppress(NotThere), self._api.asked() as client:
                    found += [Item(kind, dict(each)) for each in client.list(kind, namespace="*")]
        return found

    @cached_property
    def _kinds(self) -> list[tuple[str, type[GenericNamespacedResource]]]:
        """Group and kind of all that a fleet is made of, in the version that is stored: no webhook has to answer."""
        found = []
        with self._api.asked() as client:
            definitions = list(client.list(CustomResourceDefinition))
        for each in definitions:
            group, names = each.spec.group, each.spec.names
            wanted = group.endswith(AZURE) or f"{names.plural}.{group}" in (
                "clusters.cluster.x-k8s.io",
                "kustomizations.kustomize.toolkit.fluxcd.io",
            )
            if wanted and each.spec.scope == "Namespaced":
                version = next(version.name for version in each.spec.versions if version.storage)
                found.append((group, create_namespaced_resource(group, version, names.kind, names.plural)))
        return found
