"""How the management cluster's AKS is run: its version and upgrades, its nodes, who reaches and who may enter it."""

from __future__ import annotations

from typing import Final, Literal

from infra.aks_values import AddressRanges, AksVersion, Guids, Hour, NodeCount, NodeRange, Weekday, Zones
from infra.setting_group import SettingGroup
from infra.values import VmSize
from management_cluster import versions

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
    authorized_ip_ranges: AddressRanges = ()
    admin_groups: Guids = ()
    protect: bool = True

    @property
    def patches_itself(self) -> bool:
        """Whether AKS keeps the patch version current: so it is asked for two numbers only, such as 1.36."""
        return self.kubernetes_version.count(".") == 1
