"""Azure Monitor's managed Prometheus: its agents on the cluster, and the way to a workspace of somebody else's.

The agents ask for the rules that are associated with their cluster; a rule says to which workspace the metrics go, and
by which endpoint. As Microsoft's own templates do it, but for their recording rules, which only their dashboards read:
https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-enable

Who takes the setting away again also runs `az aks update --disable-azure-monitor-metrics`: AKS keeps agents that a
request does not speak of.
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import monitor

from infra import naming
from infra.aliases import formerly_below

STREAM: Final = "Microsoft-PrometheusMetrics"
DESTINATION: Final = "MonitoringAccount1"
LINUX: Final = "Linux"
BEFORE: Final = "slipway:azure:ManagementCluster$slipway:azure:Aks$slipway:azure:ManagedPrometheus::metrics"


def agents(workspace_id: str | None) -> aks.ManagedClusterAzureMonitorProfileArgs | None:
    """What AKS is told: to run the agents where there is a workspace for them."""
    if not workspace_id:
        return None
    return aks.ManagedClusterAzureMonitorProfileArgs(
        metrics=aks.ManagedClusterAzureMonitorProfileMetricsArgs(
            enabled=True,
            # Empty: names and namespaces are enough, and each label more is more metrics.
            kube_state_metrics=aks.ManagedClusterAzureMonitorProfileKubeStateMetricsArgs(
                metric_labels_allowlist="", metric_annotations_allow_list=""
            ),
        )
    )


def managed_prometheus(
    cluster: aks.ManagedCluster,
    *,
    name: str,
    location: str,
    resource_group: pulumi.Input[str],
    workspace_id: str,
    parent: pulumi.Resource,
) -> None:
    """Endpoint, rule, and the rule's association with the cluster; all in the region of the workspace."""
    inside = pulumi.ResourceOptions(parent=parent, aliases=[formerly_below(BEFORE)])
    endpoint = monitor.DataCollectionEndpoint(
        "metrics-endpoint",
        data_collection_endpoint_name=naming.data_collection_endpoint(name),
        resource_group_name=resource_group,
        location=location,
        kind=LINUX,
        opts=inside,
    )
    rule = monitor.DataCollectionRule(
        "metrics-rule",
        data_collection_rule_name=naming.data_collection_rule(name),
        resource_group_name=resource_group,
        location=location,
        kind=LINUX,
        data_collection_endpoint_id=endpoint.id,
        data_sources=monitor.DataCollectionRuleDataSourcesArgs(
            prometheus_forwarder=[
                monitor.PrometheusForwarderDataSourceArgs(name="PrometheusDataSource", streams=[STREAM])
            ]
        ),
        destinations=monitor.DataCollectionRuleDestinationsArgs(
            monitoring_accounts=[
                monitor.MonitoringAccountDestinationArgs(name=DESTINATION, account_resource_id=workspace_id)
            ]
        ),
        data_flows=[monitor.DataFlowArgs(streams=[STREAM], destinations=[DESTINATION])],
        opts=inside,
    )
    monitor.DataCollectionRuleAssociation(
        "metrics-association",
        association_name=naming.data_collection_rule(name),
        resource_uri=cluster.id,
        data_collection_rule_id=rule.id,
        opts=inside,
    )
