"""How the management cluster's AKS is run: its version and upgrades, its nodes, who reaches and who may enter it."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final, Literal

from infra.aks_values import AksVersion, Groups, Hour, NodeCount, NodeRange, PublicRanges, Weekday, Zones
from infra.arm_ids import DiskEncryptionSetId, MetricsWorkspaceId, PrivateDnsZone, RegistryId, WorkspaceId
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
    private_dns_zone: PrivateDnsZone = "system"
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

    @property
    def own_dns_zone(self) -> str:
        """The id of a private DNS zone of somebody else's; empty where AKS makes one, or the cluster has none."""
        return self.private_dns_zone if self.private_dns_zone.startswith("/") else ""

    def zone_elsewhere(self, location: str) -> Iterator[Problem]:
        """A private DNS zone for another region than that of the cluster."""
        if self.own_dns_zone and not self.own_dns_zone.lower().endswith(f"private.{location}.azmk8s.io"):
            rule = f"is not the zone of {location}, in which the cluster is"
            mend = f"Name one that is called private.{location}.azmk8s.io"
            yield Problem(config_key("private_dns_zone"), self.own_dns_zone, rule, mend)

    def warnings(self) -> Iterator[str]:
        """An API server that everybody reaches, where it is more than a sandbox's."""
        if self.protect and not self.private_api_server and not self.authorized_ip_ranges:
            yield (
                "The whole internet reaches the API server of this management cluster: set "
                f"{config_key('authorized_ip_ranges')} to the ranges of operators and pipelines, or "
                f"{config_key('private_api_server')} to true. `make up`, which asks the policies, refuses it."
            )

    def problems(self) -> Iterator[Problem]:
        """Ranges that could never reach a private API server; a zone for one that is public."""
        if self.private_api_server and self.authorized_ip_ranges:
            key, given = config_key("authorized_ip_ranges"), ", ".join(map(str, self.authorized_ip_ranges))
            mend = f"Remove it, or set {config_key('private_api_server')} to false"
            yield Problem(key, given, "has no effect on a private API server", mend)
        if self.private_dns_zone != "system" and not self.private_api_server:
            mend = f"Remove it, or set {config_key('private_api_server')} to true"
            yield Problem(
                config_key("private_dns_zone"), self.private_dns_zone, "has no effect on a public API server", mend
            )
