"""The AKS cluster itself: control plane, a pool for the system, a pool for the fleet's controllers, credentials."""

from __future__ import annotations

import base64

import pulumi
from pulumi_azure_native import containerservice as aks

from infra import naming
from infra.access import Role
from infra.address_plan import dns_service_ip
from infra.identity import Identity
from infra.settings import AzureSettings, NetworkSettings

SYSTEM_ONLY = "CriticalAddonsOnly=true:NoSchedule"
"""Keeps the system pool for AKS's own pods: https://learn.microsoft.com/azure/aks/use-system-pools"""


class Aks(pulumi.ComponentResource):
    """An AKS cluster with OIDC issuer and workload identity, on Azure CNI overlay with Cilium.

    Attributes:
        cluster: the AKS resource; objects inside it are deleted with it.
        name: its name in Azure.
        issuer_url: the OIDC issuer of its service accounts' tokens.
        kubeconfig: administrator's credentials, YAML; a secret.
    """

    cluster: aks.ManagedCluster
    name: pulumi.Output[str]
    issuer_url: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: AzureSettings,
        ranges: NetworkSettings,
        resource_group: pulumi.Input[str],
        subnet_id: pulumi.Input[str],
        identity: Identity,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:azure:Aks", resource_name, None, opts)
        joins = identity.may(Role.NETWORK_CONTRIBUTOR, on=subnet_id, subscription_id=settings.subscription_id)
        self.cluster = aks.ManagedCluster(
            "aks",
            resource_name_=naming.aks(settings.name),
            resource_group_name=resource_group,
            location=settings.location,
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=settings.tier),
            kubernetes_version=settings.kubernetes_version,
            dns_prefix=naming.dns_prefix(settings.name),
            node_resource_group=naming.node_resource_group(settings.name),
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
            ),
            agent_pool_profiles=_pools(settings, subnet_id),
            network_profile=_network_profile(ranges),
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=aks.ManagedClusterSecurityProfileArgs(
                workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True)
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect, depends_on=[joins]),
        )
        self.name = self.cluster.name
        self.issuer_url = self.cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url)
        self.kubeconfig = _administrator(resource_group, self.cluster.name)
        self.register_outputs({"name": self.name, "issuer_url": self.issuer_url})


def _pools(settings: AzureSettings, subnet_id: pulumi.Input[str]) -> list[aks.ManagedClusterAgentPoolProfileArgs]:
    """Both pools, in the order of their names.

    Not as AgentPool resources: a cluster's answer always lists all its pools, so that after a refresh every pool that
    is declared elsewhere would look like one that is to be removed.
    """
    controllers = _pool(
        "controllers",
        subnet_id,
        settings,
        mode=aks.AgentPoolMode.USER,
        vm_size=settings.controllers_pool_vm_size,
        count=settings.controllers_pool_count,
    )
    system = _pool(
        "system",
        subnet_id,
        settings,
        mode=aks.AgentPoolMode.SYSTEM,
        vm_size=settings.system_pool_vm_size,
        count=settings.system_pool_count,
        taints=[SYSTEM_ONLY],
    )
    return [controllers, system]


def _pool(
    name: str,
    subnet_id: pulumi.Input[str],
    settings: AzureSettings,
    *,
    mode: aks.AgentPoolMode,
    vm_size: str,
    count: int,
    taints: list[str] | None = None,
) -> aks.ManagedClusterAgentPoolProfileArgs:
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=naming.agent_pool(name),
        mode=mode,
        node_taints=taints,
        vnet_subnet_id=subnet_id,
        vm_size=vm_size,
        count=count,
        orchestrator_version=settings.kubernetes_version,
        type=aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        os_type=aks.OSType.LINUX,
        os_sku=aks.OSSKU.AZURE_LINUX,
    )


def _network_profile(ranges: NetworkSettings) -> aks.ContainerServiceNetworkProfileArgs:
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin=aks.NetworkPlugin.AZURE,
        network_plugin_mode=aks.NetworkPluginMode.OVERLAY,
        network_dataplane=aks.NetworkDataplane.CILIUM,
        network_policy=aks.NetworkPolicy.CILIUM,
        pod_cidr=str(ranges.pod_cidr),
        service_cidr=str(ranges.service_cidr),
        dns_service_ip=dns_service_ip(ranges.service_cidr),
    )


def _administrator(resource_group: pulumi.Input[str], name: pulumi.Input[str]) -> pulumi.Output[str]:
    """The kubeconfig with the cluster's own administrator certificate."""
    # Everything that needs a credential takes Aks.kubeconfig: closing the local accounts changes this function only.
    credentials = aks.list_managed_cluster_admin_credentials_output(
        resource_group_name=resource_group, resource_name=name
    )
    text = credentials.apply(lambda found: base64.b64decode(found.kubeconfigs[0].value).decode())
    return pulumi.Output.secret(text)
