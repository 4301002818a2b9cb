"""How the management cluster's AKS is run: its version and upgrades, its nodes, who reaches and who may enter it."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final, Literal

from infra.aks_values import AksVersion, Groups, Hour, NodeCount, NodeRange, PublicRanges, Weekday, Zones
from infra.arm_ids import DiskEncryptionSetId, MetricsWorkspaceId, RegistryId, WorkspaceId
from infra.problems import Problem
from infra.setting_group import SettingGroup, config_key
from infra.values import VmSize
from management_cluster import versions

SURGE_PERCENT: Final = 33
"""Of a pool's nodes, what an upgrade adds before it takes any: https://learn.microsoft.com/azure/aks/upgrade-aks-node-pools-rolling"""

WINDOW_HOURS: Final = 4
"""The least that AKS takes for a maintenance window: https://learn.microsoft.com/azure/aks/planned-maintenance"""


class AksSettings(SettingGroup):
    """Version, nodes, access and protection of the cluster."""

    kubernetes_version: AksVersion = versions.KUBERNETES
    tier: Literal["Free", "Standard", "Premium"] = "Standard"
    zones: Zones = ("1", "2", "3")
    system_pool_vm_size: VmSize = "Standard_D4ds_v5"
    system_pool_count: NodeCount = NodeRange(3, 5)
    controllers_pool_vm_size: VmSize = "Standard_D8ds_v5"
    controllers_pool_count: NodeCount = NodeRange(2, 5)
    maintenance_day: Weekday = "Sunday"
    maintenance_hour: Hour = 2
    private_api_server: bool = False
    authorized_ip_ranges: PublicRanges = ()
    admin_groups: Groups = ()
    azure_policy: bool = False
    defender_workspace_id: WorkspaceId | None = None
    log_workspace_id: WorkspaceId | None = None
    metrics_workspace_id: MetricsWorkspaceId | None = None
    registry_id: RegistryId | None = None
    disk_encryption_set_id: DiskEncryptionSetId | None = None
    encryption_at_host: bool = False
    protect: bool = True

    @property
    def patches_itself(self) -> bool:
        """Whether AKS keeps the patch version current: so it is asked for two numbers only, such as 1.36."""
        return self.kubernetes_version.count(".") == 1

    @property
    def most_nodes(self) -> int:
        """How many nodes there may be at once, in an upgrade of all pools."""
        pools = (self.system_pool_count, self.controllers_pool_count)
        return sum(pool.most + ceil(pool.most * SURGE_PERCENT / 100) for pool in pools)

    def problems(self) -> Iterator[Problem]:
        """Ranges that could never reach a private API server."""
        if self.private_api_server and self.authorized_ip_ranges:
            key, given = config_key("authorized_ip_ranges"), ", ".join(map(str, self.authorized_ip_ranges))
            mend = f"Remove it, or set {config_key('private_api_server')} to false"
            yield Problem(key, given, "has no effect on a private API server", mend)
