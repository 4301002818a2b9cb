"""What a stack tells when it is done: credentials, addresses, versions, and what to type next (docs/outputs.md)."""

from __future__ import annotations

from typing import Final

import pulumi

from fleet.fleet_repository import FleetRepository
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
from management_cluster.cluster_api_providers import ClusterApiProviders
from management_cluster.running_images import RunningImages

PORTAL: Final = "https://portal.azure.com"


def export(
    settings: Settings,
    management: ManagementCluster,
    providers: ClusterApiProviders,
    images: RunningImages,
    fleet: FleetRepository,
) -> None:
    """Set the outputs of the stack."""
    pulumi.export("kubeconfig", management.aks.kubeconfig)
    pulumi.export("management_cluster", management.aks.name)
    pulumi.export("resource_group", management.resource_group)
    pulumi.export("console", console(management, settings.azure.tenant_id))
    pulumi.export("api_server", management.aks.api_server)
    pulumi.export("egress_address", management.egress_address)
    pulumi.export("oidc_issuer_url", management.aks.issuer_url)
    pulumi.export(
        "identities",
        {
            "aso": management.aso.client_id,
            "capz": management.capz.client_id,
            "flux": management.flux.client_id,
            "flux-source": management.source.client_id,
            "flux-decryption": management.decryption.client_id,
        },
    )
    pulumi.export(
        "versions",
        {
            "kubernetes": settings.aks.kubernetes_version,
            "flux": settings.flux.flux_version,
            "cert-manager": providers.cert_manager,
            "providers": providers.versions,
        },
    )
    pulumi.export("images", images.digests)
    pulumi.export("fleet", {"url": fleet.url, "branch": fleet.branch, "seed": fleet.commit})
    pulumi.export(
        "next",
        [
            "pulumi stack output kubeconfig --show-secrets > kubeconfig && chmod 600 kubeconfig",
            "export KUBECONFIG=$PWD/kubeconfig",
            "kubectl get clusters --all-namespaces",
            "python -m fleet status",
            f"git clone {settings.fleet.fleet_url}",
        ],
    )


def console(management: ManagementCluster, tenant_id: str) -> pulumi.Output[str]:
    """The management cluster's page in Azure's portal, which signs in to the tenant first."""
    return pulumi.Output.concat(PORTAL, "/#@", tenant_id, "/resource", management.aks.cluster.id, "/overview")
