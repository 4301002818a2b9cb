"""Azure Service Operator's objects, as far as a status is made of them, where a request is one of them."""

from __future__ import annotations

from typing import Final

from fleet.status.records import Object, Record, Reference, Status

RESOURCE_ID: Final = "serviceoperator.azure.com/resource-id"
"""Annotation of what it has of Azure, from before its first write on."""


class _AzurePool(Record):
    azure_name: str = ""
    name: str = ""
    count: int = 0
    enable_auto_scaling: bool = False
    orchestrator_version: str = ""
    owner: Reference = Reference()


class _AzurePoolStatus(Status):
    name: str = ""
    count: int = 0


class AzurePool(Object):
    """ASO's ManagedClustersAgentPool."""

    spec: _AzurePool = _AzurePool()
    status: _AzurePoolStatus = _AzurePoolStatus()


class _ManagedClusterSpec(Record):
    kubernetes_version: str = ""
    agent_pool_profiles: tuple[_AzurePool, ...] = ()


class _ManagedClusterStatus(Status):
    current_kubernetes_version: str = ""
    agent_pool_profiles: tuple[_AzurePoolStatus, ...] = ()


class ManagedCluster(Object):
    """ASO's ManagedCluster, where a request is one. https://azure.github.io/azure-service-operator/reference/"""

    spec: _ManagedClusterSpec = _ManagedClusterSpec()
    status: _ManagedClusterStatus = _ManagedClusterStatus()
