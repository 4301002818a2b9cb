"""Whether Azure still shows the fleet's resource groups: asked by Azure Service Operator, with its own identity."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from lightkube.generic_resource import create_namespaced_resource

from management_cluster.teardown.fleet_objects import RECONCILE_POLICY, FleetObjects, Item

_NOTE: Final = "resource-groups"
_PROBE: Final = "teardown-asks-azure-"
_VERSION: Final = "resources.azure.com/v1api20200601"
_GROUP: Final = create_namespaced_resource("resources.azure.com", "v1api20200601", "ResourceGroup", "resourcegroups")


def remember(fleet: FleetObjects, left_alone: Callable[[Item], bool]) -> list[dict[str, str]]:
    """The resource groups that Azure will be asked for, also those that an earlier run has already deleted."""
    noted = json.loads(fleet.notes().get(_NOTE, "[]"))
    groups = {(each["namespace"], each["name"]): each for each in noted}
    for item in fleet.azure():
        if item.content["kind"] == "ResourceGroup" and not left_alone(item):
            namespace, name = item.key
            spec = item.content["spec"]
            groups[namespace, name] = {
                "namespace": namespace,
                "name": name,
                "azure_name": spec.get("azureName", name),
                "location": spec.get("location", ""),
            }
    found = list(groups.values())
    fleet.note({_NOTE: json.dumps(found)})
    return found


def still_in_azure(fleet: FleetObjects, groups: list[dict[str, str]], approval: Mapping[str, str]) -> list[str]:
    """The groups that Azure still shows, asked through Azure Service Operator: with `skip` it reads and never writes.

    https://azure.github.io/azure-service-operator/guide/annotations/#serviceoperatorazurecomreconcile-policy
    """
    found = {item.key: item for item in fleet.azure() if item.content["kind"] == "ResourceGroup"}
    left = []
    for group in groups:
        name = f"{_PROBE}{group['name']}"
        probe = found.get((group["namespace"], name))
        if probe is None or probe.deleting:
            annotations = {RECONCILE_POLICY: "skip", **approval}
            metadata = {"name": name, "namespace": group["namespace"], "annotations": annotations}
            spec = {"azureName": group["azure_name"], "location": group["location"]}
            fleet.apply(
                Item(_GROUP, {"apiVersion": _VERSION, "kind": "ResourceGroup", "metadata": metadata, "spec": spec})
            )
            left.append(f"asking Azure for the resource group {group['azure_name']}")
        elif probe.condition("Ready").get("reason") != "AzureResourceNotFound":
            left.append(f"Azure still shows the resource group {group['azure_name']}")
    if not left:
        for item in filter(is_question, found.values()):
            fleet.delete(item)
    return left


def is_question(item: Item) -> bool:
    """Whether an object is not the fleet's, but ours to ask by."""
    return str(item.metadata["name"]).startswith(_PROBE)
