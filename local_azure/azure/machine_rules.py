"""Rules of Microsoft.Compute about a virtual machine that no model can say."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from typing import Any

from local_azure.azure.compute_skus import SIZES
from local_azure.azure.directory import IDENTITIES
from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.network_attachments import INTERFACES, MACHINES
from local_azure.azure.resource_type import Put, unchangeable
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

WRITE = f"{MACHINES}/write"
CUSTOM_DATA_BYTES = 65_535


def check(azure: Azure, put: Put, hidden: Mapping[str, Any]) -> None:
    """Raise ArmError for the first broken rule; `hidden` is what is known of an existing machine and not shown."""
    size = (put.properties.get("hardwareProfile") or {}).get("vmSize", "")
    if size.lower() not in {name.lower() for name in SIZES}:
        raise bad_request(
            "InvalidParameter", f"The value {size} provided for the VM size is not valid.", "hardwareProfile.vmSize"
        )
    if put.body.get("zones") and put.properties.get("availabilitySet"):
        raise bad_request(
            "BadRequest", "A virtual machine cannot have both an availability set and a zone.", "availabilitySet"
        )
    _check_custom_data(put)
    _check_interfaces(azure, put)
    _check_attached_disks(azure, put)
    for reference in filter(None, [(put.properties.get("availabilitySet") or {}).get("id")]):
        if azure.store.get(reference) is None:
            raise _missing(reference)
    if put.existing is not None:
        _check_unchanged(put, hidden)


def identity(azure: Azure, put: Put) -> dict[str, Any] | None:
    """The machine's `identity`: the assigned ones with their principals, or a service principal of its own.

    Raises ArmError when an assigned one is missing, or the caller may not assign it.
    """
    known = (put.existing.body.get("identity") if put.existing else None) or {}
    wanted = put.body.get("identity")
    if not wanted or wanted.get("type") == "None":
        return None
    made: dict[str, Any] = {"type": wanted["type"]}
    if "SystemAssigned" in wanted["type"]:
        made |= {"principalId": known.get("principalId") or str(uuid.uuid4()), "tenantId": azure.tenant}
    assigned = {}
    for reference in wanted.get("userAssignedIdentities") or ():
        found = azure.store.get(reference)
        if found is None:
            raise bad_request(
                "FailedIdentityOperation",
                f"Identity operation for resource '{put.id.text}' failed with error 'Failed to perform resource "
                f"identity operation. Status: 'NotFound'. Response: 'The Resource '{reference}' was not found.''.",
            )
        _may(azure, put, reference, f"{IDENTITIES}/assign/action")
        assigned[reference] = {name: found.properties[name] for name in ("clientId", "principalId")}
    return made | ({"userAssignedIdentities": assigned} if assigned else {})


def _check_custom_data(put: Put) -> None:
    data = (put.properties.get("osProfile") or {}).get("customData")
    try:
        size = len(base64.b64decode(data or "", validate=True))
    except binascii.Error:
        raise bad_request(
            "InvalidParameter", "Custom data in OSProfile must be in Base64 encoding.", "customData"
        ) from None
    if size > CUSTOM_DATA_BYTES:
        raise bad_request(
            "InvalidParameter",
            f"Custom data in OSProfile must be in Base64 encoding and with a maximum length of {CUSTOM_DATA_BYTES} "
            "bytes.",
            "customData",
        )


def _check_interfaces(azure: Azure, put: Put) -> None:
    references = (put.properties.get("networkProfile") or {}).get("networkInterfaces") or []
    if not references:
        raise bad_request("InvalidParameter", "Required parameter 'networkInterfaces' is missing (null).")
    for reference in references:
        found = azure.store.get(reference["id"])
        if found is None:
            raise _missing(reference["id"])
        others = [user for user in _machines_of(azure, found) if user.key != put.id.key]
        if others:
            raise conflict(
                "NicInUse",
                f"Network Interface {found.id} is used by existing resource {others[0].id}. In order to delete the "
                "network interface, it must be dissociated from the resource.",
            )
        _may(azure, put, found.id, f"{INTERFACES}/join/action")


def _check_attached_disks(azure: Azure, put: Put) -> None:
    """A disk that is there already needs the right to change it; those that come with the machine need none."""
    profile = put.properties.get("storageProfile") or {}
    for disk in (profile.get("osDisk") or {}, *(profile.get("dataDisks") or ())):
        reference = (disk.get("managedDisk") or {}).get("id")
        if reference and disk.get("createOption") == "Attach":
            if azure.store.get(reference) is None:
                raise _missing(reference)
            _may(azure, put, reference, "Microsoft.Compute/disks/write")


def _machines_of(azure: Azure, interface: Resource) -> list[Resource]:
    return [user for user in azure.store.mentioning(interface.id) if user.type == MACHINES]


def _check_unchanged(put: Put, hidden: Mapping[str, Any]) -> None:
    assert put.existing is not None
    old, new = put.existing.properties, put.properties
    profile, wanted = old.get("osProfile") or {}, new.get("osProfile") or {}
    unchangeable(
        put,
        osProfile__customData=(hidden.get("customData"), wanted.get("customData")),
        osProfile__computerName=(profile.get("computerName"), wanted.get("computerName")),
        osProfile__adminUsername=(profile.get("adminUsername"), wanted.get("adminUsername")),
        availabilitySet=(old.get("availabilitySet"), new.get("availabilitySet")),
        zones=(put.existing.body.get("zones"), put.body.get("zones")),
    )


def _may(azure: Azure, put: Put, linked: str, action: str) -> None:
    azure.access.require_linked(put.call.caller, WRITE, put.id.text, linked=linked, needed=action)


def _missing(reference: str) -> Exception:
    return bad_request(
        "InvalidParameter",
        f"The Resource '{reference}' referenced by the virtual machine was not found. Please make sure that it "
        "exists, and that both are in the same region.",
    )
