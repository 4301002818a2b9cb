"""What the control plane writes down, sent to a Log Analytics workspace of somebody else's.

Only AKS has such a setting. A public address has no logs but those of DDoS protection, which the program does not buy,
and a NAT gateway has none at all; their metrics can be read without.
https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-network-publicipaddresses-logs
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import monitor

from infra import naming

CATEGORIES: Final = (
    "cloud-controller-manager",
    "cluster-autoscaler",
    "guard",
    "kube-apiserver",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
)
"""Who changed what (kube-audit-admin, without the masses of reads that kube-audit has), who was let in (guard), and
what the control plane did of itself. Not those of the disk drivers: nothing of the plane has a disk.
https://learn.microsoft.com/azure/aks/monitor-aks-reference#resource-logs
https://learn.microsoft.com/azure/architecture/reference-architectures/containers/aks/baseline-aks#monitor-and-collect-logs-and-metrics
"""

TABLES_OF_THEIR_OWN: Final = "Dedicated"
"""AKSAuditAdmin and AKSControlPlane instead of AzureDiagnostics: they can be kept apart, and on a cheaper plan.
https://learn.microsoft.com/azure/aks/monitor-aks#aks-control-planeresource-logs"""


def control_plane_logs(
    cluster: aks.ManagedCluster, *, name: str, workspace_id: str, parent: pulumi.Resource
) -> monitor.DiagnosticSetting:
    """Send the logs, and the platform's metrics, to a workspace.

    Who runs this needs Microsoft.OperationalInsights/workspaces/sharedKeys/action there: Log Analytics Contributor.

    Args:
        name: of the management cluster.
        workspace_id: ARM id; in any subscription and region of the tenant.
    """
    return monitor.DiagnosticSetting(
        "control-plane-logs",
        name=naming.diagnostic_setting(name),
        resource_uri=cluster.id,
        workspace_id=workspace_id,
        log_analytics_destination_type=TABLES_OF_THEIR_OWN,
        logs=[monitor.DiagnosticsLogSettingsArgs(category=each, enabled=True) for each in CATEGORIES],
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
        opts=pulumi.ResourceOptions(parent=parent),
    )
