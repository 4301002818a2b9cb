"""Clusters that run in Azure and are no object of the management cluster: Azure itself is asked, as whoever asks.

They are left when an object was deleted past the guards, which deletes nothing in Azure. Git can then neither change
nor delete them, and nothing on the management cluster knows of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import httpx2

from external import entra
from external.command import ExternalError
from fleet.status import inventory
from fleet.status.azure_service_operator import RESOURCE_ID
from fleet.status.inventory import Inventory

HOST: Final = "ARM_METADATA_HOSTNAME"
"""The variable by which Pulumi's Azure provider is told of another Azure."""

PUBLIC: Final = "management.azure.com"
AUDIENCE: Final = f"https://{PUBLIC}"
TIMEOUT: Final = 60.0
"""Seconds for one page."""

MANAGED_CLUSTERS: Final = "providers/Microsoft.ContainerService/managedClusters"

SELF_MANAGED: Final = "sigs.k8s.io_cluster-api-provider-azure_cluster_"
"""Begins a tag of the resource group of a self-managed cluster; the cluster's name follows.
https://github.com/kubernetes-sigs/cluster-api-provider-azure/blob/v1.23.1/api/v1beta1/tags.go"""

WHAT_TO_DO: Final = "runs, and nothing manages it: put its directory back into Git, or delete it in Azure"

Lister = Callable[[str, str], Iterable[Mapping[str, Any]]]
"""Gives all resources of a collection by its path and the version of its API."""


def ask(list_all: inventory.Lister) -> list[str]:
    """ARM ids of what runs unmanaged: AKS, and resource groups of self-managed clusters.

    Args:
        list_all: lists the objects of the management cluster.

    Raises:
        ExternalError: the management cluster or Azure does not answer, or refuses.
    """
    found = inventory.with_azure(inventory.read(list_all), list_all)
    return list(find(found, connect()))


def find(found: Inventory, list_azure: Lister) -> Iterator[str]:
    """The same, in the subscriptions that the fleet uses now; the inventory has what Azure Service Operator says."""
    resources = [each.object for listed in found.azure.values() for each in listed]
    known = {each.metadata.annotations.get(RESOURCE_ID, "").lower() for each in resources} - {""}
    for subscription in sorted({found.subscription.lower(), *(each.split("/")[2] for each in known)} - {""}):
        of = f"/subscriptions/{subscription}"
        running = [
            *filter(_is_no_management_cluster, list_azure(f"{of}/{MANAGED_CLUSTERS}", "2025-05-01")),
            *filter(_has_a_self_managed_cluster, list_azure(f"{of}/resourcegroups", "2021-04-01")),
        ]
        yield from (each["id"] for each in running if each["id"].lower() not in known)


def _is_no_management_cluster(cluster: Mapping[str, Any]) -> bool:
    return (cluster.get("tags") or {}).get("managed-by") != "slipway"  # infra/tags.py


def _has_a_self_managed_cluster(group: Mapping[str, Any]) -> bool:
    return any(tag.startswith(SELF_MANAGED) for tag in group.get("tags") or {})


def connect() -> Lister:
    """Sign in to Azure as whom `az login` did.

    Raises:
        ExternalError: nobody is signed in; the lister raises it when Azure does not answer, or refuses.
    """
    address = f"https://{os.environ.get(HOST, PUBLIC)}"
    client = httpx2.Client(timeout=TIMEOUT, headers={"Authorization": f"Bearer {entra.token(AUDIENCE)}"})

    def list_azure(path: str, version: str) -> Iterator[Mapping[str, Any]]:
        following = f"{address}{path}?api-version={version}"
        while following:
            try:
                answer = client.get(following).raise_for_status().json()
                yield from answer["value"]
            except httpx2.HTTPStatusError as error:
                raise ExternalError(f"Azure does not list {path}: {_why(error.response)}") from None
            except httpx2.TransportError as error:
                raise ExternalError(f"Azure ({address}) does not answer: {error or type(error).__name__}") from None
            except (ValueError, KeyError):
                raise ExternalError(f"Azure ({address}) gives no list of {path}") from None
            following = answer.get("nextLink") or ""

    return list_azure


def _why(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
