"""The AKS cluster itself: control plane, pools, upgrades, and the way in."""

from __future__ import annotations

from typing import Any, Final

import pulumi
from pulumi_azure_native import authorization
from pulumi_azure_native import containerservice as aks

from infra import api_server, cluster_login, naming
from infra.access import Role
from infra.aks_settings import AksSettings
from infra.api_server import Right
from infra.arm_ids import subscription_of
from infra.control_plane_logs import control_plane_logs
from infra.identity import Identity
from infra.maintenance import maintenance_windows, upgrade_channels
from infra.managed_prometheus import agents, managed_prometheus
from infra.network import Network
from infra.network_profile import network_profile
from infra.network_settings import NetworkSettings
from infra.node_pools import counted_by_azure, node_pools
from infra.registry_access import may_pull
from infra.settings import AzureSettings
from infra.tags import all_tags

IMAGE_CLEANER_HOURS = 48
"""AKS's own default: https://learn.microsoft.com/azure/aks/image-cleaner"""

SUPPORT: Final = {
    "Free": aks.KubernetesSupportPlan.KUBERNETES_OFFICIAL,
    "Standard": aks.KubernetesSupportPlan.KUBERNETES_OFFICIAL,
    "Premium": aks.KubernetesSupportPlan.AKS_LONG_TERM_SUPPORT,
}
"""By tier; a tier alone does not change it: https://learn.microsoft.com/azure/aks/long-term-support"""


class Aks(pulumi.ComponentResource):
    """An AKS cluster with Entra, Azure RBAC, OIDC issuer and workload identity, on Azure CNI overlay with Cilium.

    Attributes:
        cluster: the AKS resource; objects inside it are deleted with it.
        name: its name in Azure.
        api_server: URL of its API server.
        issuer_url: the OIDC issuer of its service accounts' tokens.
        kubeconfig: how to enter it as an administrator, YAML; a secret.
    """

    cluster: aks.ManagedCluster
    name: pulumi.Output[str]
    api_server: pulumi.Output[str]
    issuer_url: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        azure: AzureSettings,
        settings: AksSettings,
        ranges: NetworkSettings,
        resource_group: pulumi.Input[str],
        network: Network,
        identity: Identity,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:azure:Aks", resource_name, None, opts)
        self.cluster = aks.ManagedCluster(
            "aks",
            **_described(azure, settings, ranges, network, identity),
            resource_group_name=resource_group,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=settings.protect,
                depends_on=_needed(identity, network, settings, azure.subscription_id),
                ignore_changes=counted_by_azure(settings),
            ),
        )
        self.name = self.cluster.name
        self.api_server = pulumi.Output.concat("https://", self.cluster.fqdn)
        self.issuer_url = self.cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url)
        maintenance_windows(settings, resource_group=resource_group, cluster=self.cluster, parent=self)
        self._connect(azure, settings, resource_group)
        administrator = cluster_login.let_in(
            self.cluster, name=naming.aks(azure.name), subscription_id=azure.subscription_id, parent=self
        )
        self.kubeconfig = cluster_login.kubeconfig(resource_group, self.cluster.name, after=administrator)
        self.register_outputs({"name": self.name, "issuer_url": self.issuer_url})

    def _connect(self, azure: AzureSettings, settings: AksSettings, resource_group: pulumi.Input[str]) -> None:
        """To what other people have and the stack names: workspaces for logs and metrics, a registry."""
        if settings.log_workspace_id:
            control_plane_logs(self.cluster, name=azure.name, workspace_id=settings.log_workspace_id, parent=self)
        if settings.metrics_workspace_id:
            managed_prometheus(
                self.cluster,
                name=azure.name,
                location=azure.location,
                resource_group=resource_group,
                workspace_id=settings.metrics_workspace_id,
                parent=self,
            )
        if settings.registry_id:
            may_pull(
                self.cluster,
                registry_id=settings.registry_id,
                name=naming.aks(azure.name),
                subscription_id=azure.subscription_id,
                parent=self,
            )


def _described(
    azure: AzureSettings,
    settings: AksSettings,
    ranges: NetworkSettings,
    network: Network,
    identity: Identity,
) -> dict[str, Any]:
    """The cluster as it is asked for, by argument."""
    return {
        "resource_name_": naming.aks(azure.name),
        "location": azure.location,
        "sku": aks.ManagedClusterSKUArgs(name="Base", tier=settings.tier),
        "support_plan": SUPPORT[settings.tier],
        "kubernetes_version": settings.kubernetes_version,
        "auto_upgrade_profile": upgrade_channels(settings),
        "dns_prefix": naming.dns_prefix(azure.name),
        "node_resource_group": naming.node_resource_group(azure.name),
        "identity": aks.ManagedClusterIdentityArgs(
            type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
        ),
        "agent_pool_profiles": node_pools(settings, network.nodes_subnet_id, tags=all_tags(azure.tags)),
        "network_profile": network_profile(ranges),
        "api_server_access_profile": api_server.access(settings, network),
        "aad_profile": aks.ManagedClusterAADProfileArgs(
            managed=True, enable_azure_rbac=True, admin_group_object_ids=list(settings.admin_groups)
        ),
        "enable_rbac": True,
        "disable_local_accounts": True,
        "oidc_issuer_profile": aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
        "security_profile": _security(settings),
        # https://learn.microsoft.com/azure/aks/azure-disk-customer-managed-keys
        "disk_encryption_set_id": settings.disk_encryption_set_id,
        "addon_profiles": {"azurepolicy": aks.ManagedClusterAddonProfileArgs(enabled=True)}
        if settings.azure_policy
        else None,
        "azure_monitor_profile": agents(settings.metrics_workspace_id),
    }


def _needed(
    identity: Identity, network: Network, settings: AksSettings, subscription_id: str
) -> list[authorization.RoleAssignment]:
    """What the control plane must be allowed before there is a cluster: its subnets, the key of its disks, its zone."""
    wanted = [
        Right(Role.NETWORK_CONTRIBUTOR, network.nodes_subnet_id, "", subscription_id),
        Right(Role.NETWORK_CONTRIBUTOR, network.api_server_subnet_id, "api-server", subscription_id),
        *api_server.zone_rights(settings, network, subscription_id),
    ]
    if key := settings.disk_encryption_set_id:
        wanted.append(Right(Role.READER, key, "disk-encryption-set", subscription_of(key)))
    return [
        identity.may(each.role.of(each.subscription), on=each.on, subscription_id=subscription_id, where=each.where)
        for each in wanted
    ]


def _security(settings: AksSettings) -> aks.ManagedClusterSecurityProfileArgs:
    """Workload identity and the image cleaner always; Defender where there is a workspace for it.

    https://learn.microsoft.com/azure/defender-for-cloud/defender-for-containers-introduction
    """
    defender = aks.ManagedClusterSecurityProfileDefenderArgs(
        log_analytics_workspace_resource_id=settings.defender_workspace_id,
        security_monitoring=aks.ManagedClusterSecurityProfileDefenderSecurityMonitoringArgs(enabled=True),
    )
    return aks.ManagedClusterSecurityProfileArgs(
        workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(
            enabled=True, interval_hours=IMAGE_CLEANER_HOURS
        ),
        defender=defender if settings.defender_workspace_id else None,
    )
