"""The Azure side of the program alone, and where Azure then has what."""

from __future__ import annotations

from typing import Any

from infra import naming
from tests.program.project import STACK
from tests.provider.azure import SUBSCRIPTION, Azure

ONLY_AZURE = """
import pulumi
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
from management_cluster.outputs import console
settings = Settings.load()
management = ManagementCluster("management", settings.azure, settings.aks, settings.network)
pulumi.export("issuer", management.aks.issuer_url)
pulumi.export("kubeconfig", management.aks.kubeconfig)
pulumi.export("console", console(management, settings.azure.tenant_id))
pulumi.export("api_server", management.aks.api_server)
pulumi.export("egress_address", management.egress_address)
"""

NETWORK_API = "2024-05-01"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{naming.resource_group(STACK)}"
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{naming.aks(STACK)}"
AKS_API = "2025-09-01"
EGRESS = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/{naming.public_address(STACK, 'egress')}"
READER = {"SLIPWAY_GIT_READER_USERNAME": "flux", "SLIPWAY_GIT_READER_PASSWORD": "reads-and-no-more"}
"""In the environment: a credential for agents that cannot push."""

LOCKS = [f"{each}/providers/Microsoft.Authorization/locks/{naming.lock(STACK)}" for each in (AKS, EGRESS)]
SUBJECTS = {
    "capz": ["capz-system:capz-manager", "capz-system:azureserviceoperator-default"],
    "aso": ["capz-system:azureserviceoperator-default", "capz-system:capz-manager"],
    "flux": ["clusters:flux"],
    "flux-source": ["flux-system:flux-source", "clusters:flux-source"],
    "flux-decryption": ["flux-system:flux-decryption"],
}


def properties(azure: Azure) -> dict[str, Any]:
    """The management cluster's, as Azure has them."""
    found = azure.find(AKS, AKS_API)
    assert found
    inside: dict[str, Any] = found["properties"]
    return inside


def subnet_id(purpose: str) -> str:
    """Of the stack's own network."""
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{naming.virtual_network(STACK)}"
    return f"{network}/subnets/{naming.subnet(STACK, purpose)}"
