"""The AKS cluster itself: control plane, pools, upgrades, and the way in."""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_azure_native import authorization
from pulumi_azure_native import containerservice as aks

from infra import cluster_login, naming
from infra.access import Role
from infra.address_plan import dns_service_ip
from infra.aks_settings import AksSettings
from infra.arm_ids import subscription_of
from infra.control_plane_logs import control_plane_logs
from infra.identity import Identity
from infra.maintenance import maintenance_windows, upgrade_channels
from infra.managed_prometheus import agents, managed_prometheus
from infra.network import Network
from infra.network_settings import NetworkSettings
from infra.node_pools import counted_by_azure, node_pools
from infra.registry_access import may_pull
from infra.settings import AzureSettings

IMAGE_CLEANER_HOURS = 48
"""AKS's own default: https://learn.microsoft.com/azure/aks/image-cleaner"""

OUTBOUND: Final = {
    "natGateway": aks.OutboundType.USER_ASSIGNED_NAT_GATEWAY,
    "userDefinedRouting": aks.OutboundType.USER_DEFINED_ROUTING,
}
"""https://learn.microsoft.com/azure/aks/egress-outboundtype"""


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
        needed = _needed(identity, network, settings, azure.subscription_id)
        self.cluster = aks.ManagedCluster(
            "aks",
            resource_name_=naming.aks(azure.name),
            resource_group_name=resource_group,
            location=azure.location,
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=settings.tier),
            kubernetes_version=settings.kubernetes_version,
            auto_upgrade_profile=upgrade_channels(settings),
            dns_prefix=naming.dns_prefix(azure.name),
            node_resource_group=naming.node_resource_group(azure.name),
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
            ),
            agent_pool_profiles=node_pools(settings, network.nodes_subnet_id),
            network_profile=_network_profile(ranges),
            api_server_access_profile=_api_server(settings, network.api_server_subnet_id),
            aad_profile=aks.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, admin_group_object_ids=list(settings.admin_groups)
            ),
            enable_rbac=True,
            disable_local_accounts=True,
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=_security(settings),
            # https://learn.microsoft.com/azure/aks/azure-disk-customer-managed-keys
            disk_encryption_set_id=settings.disk_encryption_set_id,
            addon_profiles={"azurepolicy": aks.ManagedClusterAddonProfileArgs(enabled=True)}
            if settings.azure_policy
            else None,
            azure_monitor_profile=agents(settings.metrics_workspace_id),
            opts=pulumi.ResourceOptions(
                parent=self, protect=settings.protect, depends_on=needed, ignore_changes=counted_by_azure(settings)
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


def _needed(
    identity: Identity, network: Network, settings: AksSettings, subscription_id: str
) -> list[authorization.RoleAssignment]:
    """What the control plane must be allowed before there is a cluster: its subnets, the key of its disks."""
    wanted = [
        (Role.NETWORK_CONTRIBUTOR, network.nodes_subnet_id, "", subscription_id),
        (Role.NETWORK_CONTRIBUTOR, network.api_server_subnet_id, "api-server", subscription_id),
    ]
    if key := settings.disk_encryption_set_id:
        wanted.append((Role.READER, pulumi.Output.from_input(key), "disk-encryption-set", subscription_of(key)))
    return [
        identity.may(role.of(where_defined), on=on, subscription_id=subscription_id, where=where)
        for role, on, where, where_defined in wanted
    ]


def _network_profile(ranges: NetworkSettings) -> aks.ContainerServiceNetworkProfileArgs:
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin=aks.NetworkPlugin.AZURE,
        network_plugin_mode=aks.NetworkPluginMode.OVERLAY,
        network_dataplane=aks.NetworkDataplane.CILIUM,
        network_policy=aks.NetworkPolicy.CILIUM,
        pod_cidr=str(ranges.pod_cidr),
        service_cidr=str(ranges.service_cidr),
        dns_service_ip=dns_service_ip(ranges.service_cidr),
        outbound_type=OUTBOUND[ranges.egress],
        load_balancer_sku=aks.LoadBalancerSku.STANDARD,
    )


def _api_server(settings: AksSettings, subnet_id: pulumi.Input[str]) -> aks.ManagedClusterAPIServerAccessProfileArgs:
    """Who reaches the API server: nodes in their own network, others by the ranges the stack names, or not at all.

    https://learn.microsoft.com/azure/aks/api-server-vnet-integration
    https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
    """
    ranges = [str(each) for each in settings.authorized_ip_ranges]
    return aks.ManagedClusterAPIServerAccessProfileArgs(
        enable_vnet_integration=True,
        subnet_id=subnet_id,
        enable_private_cluster=settings.private_api_server,
        authorized_ip_ranges=ranges or None,
    )


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
