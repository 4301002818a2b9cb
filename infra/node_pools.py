"""The management cluster's two pools: one for AKS's own pods, one for the fleet's controllers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_azure_native import containerservice as aks

from infra import naming
from infra.aks_settings import SURGE_PERCENT, AksSettings
from infra.aks_values import NodeRange

SYSTEM_ONLY: Final = "CriticalAddonsOnly=true:NoSchedule"
"""Keeps the system pool for AKS's own pods: https://learn.microsoft.com/azure/aks/use-system-pools"""


def node_pools(
    settings: AksSettings, subnet_id: pulumi.Input[str], *, tags: Mapping[str, str]
) -> list[aks.ManagedClusterAgentPoolProfileArgs]:
    """Both pools, in the order of their names.

    Args:
        tags: of the nodes. Those of the cluster go to the node resource group and what else AKS makes, but not to
            them: https://learn.microsoft.com/azure/aks/use-tags

    Not as AgentPool resources: a cluster's answer always lists all its pools, so that after a refresh every pool that
    is declared elsewhere would look like one that is to be removed.
    """
    controllers = _pool(
        "controllers",
        subnet_id,
        settings,
        tags=tags,
        mode=aks.AgentPoolMode.USER,
        vm_size=settings.controllers_pool_vm_size,
        nodes=settings.controllers_pool_count,
    )
    system = _pool(
        "system",
        subnet_id,
        settings,
        tags=tags,
        mode=aks.AgentPoolMode.SYSTEM,
        vm_size=settings.system_pool_vm_size,
        nodes=settings.system_pool_count,
        taints=[SYSTEM_ONLY],
    )
    return [controllers, system]


def counted_by_azure(settings: AksSettings) -> list[str]:
    """The counts of pools that scale by themselves: AKS wants them for a new pool, then its autoscaler decides.

    https://github.com/Azure/azure-service-operator/issues/3220
    """
    counts = (settings.controllers_pool_count, settings.system_pool_count)
    return [f"agentPoolProfiles[{index}].count" for index, each in enumerate(counts) if each.autoscaled]


def _pool(
    name: str,
    subnet_id: pulumi.Input[str],
    settings: AksSettings,
    *,
    tags: Mapping[str, str],
    mode: aks.AgentPoolMode,
    vm_size: str,
    nodes: NodeRange,
    taints: list[str] | None = None,
) -> aks.ManagedClusterAgentPoolProfileArgs:
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=naming.agent_pool(name),
        mode=mode,
        node_taints=taints,
        tags=dict(tags),
        vnet_subnet_id=subnet_id,
        vm_size=vm_size,
        count=nodes.least,
        enable_auto_scaling=nodes.autoscaled,
        min_count=nodes.least if nodes.autoscaled else None,
        max_count=nodes.most if nodes.autoscaled else None,
        # Not `False`: that is what AKS takes without, and a pool cannot change in this.
        enable_encryption_at_host=settings.encryption_at_host or None,
        availability_zones=list(settings.zones),
        upgrade_settings=aks.AgentPoolUpgradeSettingsArgs(max_surge=f"{SURGE_PERCENT}%"),
        orchestrator_version=settings.kubernetes_version,
        type=aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        os_type=aks.OSType.LINUX,
        os_sku=aks.OSSKU.AZURE_LINUX,
    )
