"""Microsoft.Compute: managed disks, most of which come with a virtual machine, their keys, and availability sets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import conflict
from local_azure.azure.network_attachments import MACHINES
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

DISKS = "Microsoft.Compute/disks"
ENCRYPTION_SETS = "Microsoft.Compute/diskEncryptionSets"
OS_DISK_GB = 30


class Disks(ResourceType):
    """https://learn.microsoft.com/rest/api/compute/disks: hold nothing here."""

    name = DISKS
    slow = True
    location_header = True

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """What a machine has stays."""
        owner = resource.body.get("managedBy")
        if owner and azure.store.get(owner) is not None:
            raise conflict("OperationNotAllowed", f"Disk {resource.name} is attached to VM {owner}.", "disk")


class EncryptionSets(ResourceType):
    """https://learn.microsoft.com/rest/api/compute/disk-encryption-sets: name a key; nothing is encrypted here."""

    name = ENCRYPTION_SETS
    slow = True
    created = 202
    location_header = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """It has an identity of its own, that somebody lets use the key."""
        accepted = super().accept(azure, put)
        known = (put.existing.body.get("identity") if put.existing else None) or {}
        principal = known.get("principalId") or str(uuid.uuid4())
        kind = (put.body.get("identity") or {}).get("type") or known.get("type") or "SystemAssigned"
        identity = {"type": kind, "principalId": principal, "tenantId": azure.tenant}
        return Resource(accepted.id, self.name, {**accepted.body, "identity": identity})

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """What a cluster's disks need stays."""
        users = azure.store.mentioning(resource.id)
        if users:
            raise conflict("OperationNotAllowed", f"Disk encryption set {resource.name} is used by {users[0].id}.")


class AvailabilitySets(ResourceType):
    """https://learn.microsoft.com/rest/api/compute/availability-sets"""

    name = "Microsoft.Compute/availabilitySets"
    created = 200

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With the machines in it."""
        members = [{"id": user.id} for user in azure.store.mentioning(resource.id) if user.type == MACHINES]
        shown = super().view(azure, resource)
        properties = {name: value for name, value in resource.properties.items() if name != "provisioningState"}
        return {**shown, "properties": {**properties, "virtualMachines": members}}

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """An empty one goes."""
        if any(user.type == MACHINES for user in azure.store.mentioning(resource.id)):
            raise conflict(
                "OperationNotAllowed",
                f"Availability Set {resource.name} cannot be deleted since it contains virtual machines.",
            )


def attach(put: Put, known: Mapping[str, Any]) -> dict[str, Any]:
    """A machine's storage profile with an ID for every disk."""
    profile: dict[str, Any] = {**known, **(put.properties.get("storageProfile") or {})}
    disk = profile.get("osDisk") or {}
    name = disk.get("name") or f"{put.id.name}_OsDisk_1"
    size = disk.get("diskSizeGB") or OS_DISK_GB
    profile["osDisk"] = _with_id(put, {"osType": "Linux", "caching": "None", **disk, "name": name, "diskSizeGB": size})
    data = enumerate(profile.get("dataDisks") or ())
    profile["dataDisks"] = [
        _with_id(put, {**each, "name": each.get("name") or f"{put.id.name}_DataDisk_{number}"}) for number, each in data
    ]
    return profile


def disks_of(azure: Azure, machine: Resource) -> list[Resource]:
    """The disk resources of a machine that are not there yet, or are not its own yet."""
    found = []
    for disk in _disks(machine):
        existing = azure.store.get(disk["managedDisk"]["id"])
        if existing is not None and existing.body.get("managedBy") == machine.id:
            continue
        kind = disk["managedDisk"].get("storageAccountType", "Standard_LRS")
        body = {
            "location": machine.body["location"],
            "managedBy": machine.id,
            "sku": {"name": kind},
            "properties": {
                "creationData": {"createOption": disk["createOption"]},
                "diskSizeGB": disk.get("diskSizeGB"),
                "diskState": "Attached",
                "provisioningState": "Succeeded",
            },
        }
        found.append(
            Resource(disk["managedDisk"]["id"], DISKS, body if existing is None else {**existing.body, **body})
        )
    return found


def detach(azure: Azure, machine: Resource) -> None:
    """Let a machine's disks go with it where they say so, else be nobody's."""
    with azure.store.transaction():
        for disk in _disks(machine):
            existing = azure.store.get(disk["managedDisk"]["id"])
            if existing is None:
                continue
            if disk.get("deleteOption") == "Delete":
                azure.store.remove(existing.id)
                continue
            body = {name: value for name, value in existing.body.items() if name != "managedBy"}
            azure.store.put(Resource(existing.id, DISKS, body).with_properties(diskState="Unattached"))


def _disks(machine: Resource) -> list[dict[str, Any]]:
    profile = machine.properties["storageProfile"]
    return [profile["osDisk"], *profile["dataDisks"]]


def _with_id(put: Put, disk: dict[str, Any]) -> dict[str, Any]:
    reference = f"{put.id.resource_group_id}/providers/{DISKS}/{disk['name']}"
    managed = {"storageAccountType": "Standard_LRS", **(disk.get("managedDisk") or {})}
    return {**disk, "managedDisk": {**managed, "id": managed.get("id") or reference}}
