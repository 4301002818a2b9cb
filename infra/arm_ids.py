"""ARM ids of resources that are somebody else's, as settings name them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.values import matching


def _id_of(kind: str, what: str, command: str) -> AfterValidator:
    """An ARM id of one type, such as `Microsoft.Network/virtualNetworks/subnets`."""
    provider, *types = kind.split("/")
    path = "".join(rf"/{each}/[^/]+" for each in types)
    pattern = rf"(?i)/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{re.escape(provider)}{path}"
    return AfterValidator(matching(pattern, f"is not the id of {what}", f"`{command} --query id` prints it"))


SubnetId = Annotated[
    str, _id_of("Microsoft.Network/virtualNetworks/subnets", "a subnet", "az network vnet subnet show")
]
RegistryId = Annotated[str, _id_of("Microsoft.ContainerRegistry/registries", "a container registry", "az acr show")]
DiskEncryptionSetId = Annotated[
    str, _id_of("Microsoft.Compute/diskEncryptionSets", "a disk encryption set", "az disk-encryption-set show")
]
MetricsWorkspaceId = Annotated[
    str, _id_of("Microsoft.Monitor/accounts", "an Azure Monitor workspace", "az monitor account show")
]
WorkspaceId = Annotated[
    str,
    _id_of(
        "Microsoft.OperationalInsights/workspaces",
        "a Log Analytics workspace",
        "az monitor log-analytics workspace show",
    ),
]
_ZONE = (
    r"(?i:/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/privateDnsZones/)"
    r"(?:[a-z0-9-]{1,32}\.)?private\.[a-z0-9]+\.azmk8s\.io"
)
PrivateDnsZone = Annotated[
    str,
    AfterValidator(
        matching(
            rf"system|none|{_ZONE}",
            "is neither system, none nor the id of a zone private.REGION.azmk8s.io, or one below it",
            "`az network private-dns zone show --query id` prints the id; "
            "a zone privatelink… is for clusters whose API server is not in their network",
        )
    ),
]
"""https://learn.microsoft.com/azure/aks/private-clusters#configuration-options-for-private-dns"""

KeyId = Annotated[
    str,
    AfterValidator(
        matching(
            r"(?i)/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+/keys/[^/]+",
            "is not the ARM id of a key",
            "`az keyvault show --name VAULT --query id` prints the vault's; add /keys/NAME to it",
        )
    ),
]


def subscription_of(arm_id: str) -> str:
    """The subscription (its id) that an ARM id is in."""
    return arm_id.split("/")[2]
