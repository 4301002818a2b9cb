"""The DNS zone of a private API server: of AKS, of somebody else, or none. Nobody is answered from it.

https://learn.microsoft.com/azure/aks/private-clusters#configuration-options-for-private-dns
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from local_azure.azure.errors import ArmError, bad_request
from local_azure.azure.network_rules import NETWORKS
from local_azure.azure.regions import normal
from local_azure.azure.resource_type import Put
from local_azure.azure.subscription import Azure

SYSTEM: Final = "system"
NONE: Final = "none"
TARGET: Final = "apiServerAccessProfile.privateDNSZone"
ZONES: Final = "Microsoft.Network/privateDnsZones"


def completed(access: Mapping[str, Any], host: str, location: str, key: str) -> tuple[dict[str, Any], str]:
    """What AKS makes of the profile of a private API server, and its private name; empty where it has none.

    Args:
        host: first label of its name.
        key: of the cluster, by which a zone of AKS's own is told from others.
    """
    if not access.get("enablePrivateCluster"):
        return dict(access), ""
    zone = str(access.get("privateDNSZone") or SYSTEM)
    shown = {**access, "privateDNSZone": zone.lower() if zone.lower() in (SYSTEM, NONE) else zone}
    if zone.lower() == NONE:
        return shown, ""
    own = f"{uuid.uuid5(uuid.NAMESPACE_URL, key)}.{_domain(access)}.{location}.azmk8s.io"
    return shown, f"{host}.{own if zone.lower() == SYSTEM else zone.rpartition('/')[2]}"


def check(azure: Azure, put: Put, properties: Mapping[str, Any]) -> None:
    """Raise ArmError unless the zone is for this cluster, and its identity may write there and link the network.

    The code of a missing permission is Azure's, those of the other rules are guessed.
    """
    access = properties.get("apiServerAccessProfile") or {}
    zone = str((put.properties.get("apiServerAccessProfile") or {}).get("privateDNSZone") or "")
    if zone and not access.get("enablePrivateCluster"):
        raise bad_request("BadRequest", "A private DNS zone is for private clusters only.", TARGET)
    known = (put.existing.properties.get("apiServerAccessProfile") or {}) if put.existing else {}
    before, wanted = (str(each.get("privateDNSZone") or "").lower() for each in (known, access))
    if before and wanted and wanted not in (before, NONE):
        path = f"properties.{TARGET}"
        raise ArmError(400, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", target=path)
    if zone.lower() not in ("", SYSTEM, NONE):
        _check_own(azure, put, access, zone)


def _check_own(azure: Azure, put: Put, access: Mapping[str, Any], zone: str) -> None:
    domain = f"{_domain(access)}.{normal(put.body['location'])}.azmk8s.io"
    if azure.store.get(zone) is None or not re.fullmatch(
        rf"([\w-]{{1,32}}\.)?{re.escape(domain)}", zone.rsplit("/", maxsplit=1)[-1]
    ):
        raise bad_request("BadRequest", f"There is no private DNS zone {zone}, or it is not named {domain}.", TARGET)
    assigned = list((put.body.get("identity") or {}).get("userAssignedIdentities") or ())
    owner = azure.store.get(assigned[0]) if assigned else None
    if owner is None:
        raise bad_request("BadRequest", "A custom private DNS zone needs a user-assigned identity.", "identity")
    principal = owner.properties["principalId"]
    for action in (f"{ZONES}/read", f"{ZONES}/write"):
        if not azure.access.allows(principal, action, zone):
            raise bad_request(
                "CustomPrivateDNSZoneMissingPermissionError",
                "Service principal or user-assigned identity must be given permission to read and write to custom "
                f"private dns zone {zone}. Check access result not allowed for action {action}.",
            )
    for pool in put.properties.get("agentPoolProfiles") or ():
        network, found, _ = str(pool.get("vnetSubnetID") or "").partition("/subnets/")
        action = f"{NETWORKS}/join/action"
        if found and not azure.access.allows(principal, action, network):
            raise ArmError(
                403,
                "LinkedAuthorizationFailed",
                f"The client with object id '{principal}' does not have permission to perform action(s) '{action}' "
                f"on the linked scope(s) '{network}' or the linked scope(s) are invalid.",
            )


def _domain(access: Mapping[str, Any]) -> str:
    """An API server in the cluster's network has no private link, and says so in its name."""
    return "private" if access.get("enableVnetIntegration") else "privatelink"
