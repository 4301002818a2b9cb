"""When AKS may upgrade the management cluster and its nodes by itself, and what it upgrades.

https://learn.microsoft.com/azure/aks/planned-maintenance
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.aks_settings import WINDOW_HOURS, AksSettings

WINDOWS: Final = {
    "upgrade-window": "aksManagedAutoUpgradeSchedule",
    "node-image-window": "aksManagedNodeOSUpgradeSchedule",
}
"""Logical name to the name by which AKS knows what a window is for."""


def upgrade_channels(settings: AksSettings) -> aks.ManagedClusterAutoUpgradeProfileArgs:
    """Node images are always kept current; patches of Kubernetes where the stack asks for a minor version.

    https://learn.microsoft.com/azure/aks/auto-upgrade-cluster
    """
    return aks.ManagedClusterAutoUpgradeProfileArgs(
        upgrade_channel=aks.UpgradeChannel.PATCH if settings.patches_itself else aks.UpgradeChannel.NONE,
        node_os_upgrade_channel=aks.NodeOSUpgradeChannel.NODE_IMAGE,
    )


def maintenance_windows(
    settings: AksSettings, *, resource_group: pulumi.Input[str], cluster: aks.ManagedCluster, parent: pulumi.Resource
) -> None:
    """The same weekly window for both kinds of upgrades."""
    before: list[pulumi.Resource] = []
    for logical_name, config_name in WINDOWS.items():
        window = aks.MaintenanceConfiguration(
            logical_name,
            config_name=config_name,
            resource_group_name=resource_group,
            resource_name_=cluster.name,
            maintenance_window=aks.MaintenanceWindowArgs(
                duration_hours=WINDOW_HOURS,
                start_time=f"{settings.maintenance_hour:02}:00",
                utc_offset="+00:00",
                schedule=aks.ScheduleArgs(
                    weekly=aks.WeeklyScheduleArgs(day_of_week=settings.maintenance_day, interval_weeks=1)
                ),
            ),
            # One write at a time below a cluster. Not `deleted_with`: a refused `destroy` of a protected cluster would
            # forget them, and the next `up` find them there.
            opts=pulumi.ResourceOptions(parent=parent, depends_on=before),
        )
        before = [window]
