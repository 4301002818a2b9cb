"""Microsoft.Compute: virtual machines and their extensions. What a machine really does is behind `machines`."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local_azure.azure import machine_rules
from local_azure.azure.disks import attach, detach, disks_of
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.machines import MachineSpec
from local_azure.azure.network_attachments import MACHINES
from local_azure.azure.operations import Operation
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

EXTENSIONS = f"{MACHINES}/extensions"


class VirtualMachines(ResourceType):
    """https://learn.microsoft.com/rest/api/compute/virtual-machines

    Custom data and passwords are kept, and never shown.
    """

    name = MACHINES
    slow = True
    location_header = True
    real = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A machine with its disks named; what its operating system starts from stays for life."""
        known = put.existing.properties if put.existing else {}
        hidden = dict(put.existing.hidden) if put.existing else {}
        machine_rules.check(azure, put, hidden)
        profile = dict(put.properties.get("osProfile") or known.get("osProfile") or {})
        for name in ("customData", "adminPassword"):
            if name in profile:
                hidden[name] = profile.pop(name)
        properties = {
            **put.properties,
            "osProfile": profile,
            "storageProfile": attach(put, known.get("storageProfile") or {}),
            "vmId": known.get("vmId") or str(uuid.uuid4()),
            "timeCreated": known.get("timeCreated") or datetime.now(UTC).isoformat(),
        }
        body = self.body(put, properties)
        identity = machine_rules.identity(azure, put)
        if identity:
            body["identity"] = identity
        return Resource(put.id.text, self.name, body, hidden)

    def stored(self, azure: Azure, put: Put, resource: Resource) -> None:
        """The disks that come with it."""
        for disk in disks_of(azure, resource):
            azure.store.put(disk)

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With its extensions inside, and whether its agent answers."""
        shown = super().view(azure, resource)
        kind = azure.types[EXTENSIONS.lower()]
        extensions = [kind.view(azure, found) for found in azure.store.below(resource.id, EXTENSIONS)]
        properties = {**resource.properties, "instanceView": _instance(azure, resource)}
        return {**shown, "properties": properties, **({"resources": extensions} if extensions else {})}

    def carry_out(self, azure: Azure, operation: Operation, resource: Resource) -> None:
        """Start it; a change of its resource does not start it again."""
        if operation.kind == "Create":
            azure.machines.create(self.spec(azure, resource))

    def tear_down(self, azure: Azure, resource: Resource) -> None:
        """Remove it; its disks stay unless they go with it."""
        azure.machines.delete(resource.id)
        detach(azure, resource)

    def spec(self, azure: Azure, resource: Resource) -> MachineSpec:
        """What a real machine is made from."""
        properties = resource.properties
        addresses: list[str] = []
        for reference in properties["networkProfile"]["networkInterfaces"]:
            interface = azure.store.get(reference["id"])
            for configuration in interface.properties["ipConfigurations"] if interface else ():
                addresses.append(configuration["properties"].get("privateIPAddress", ""))
        return MachineSpec(
            resource_id=resource.id,
            computer_name=properties["osProfile"].get("computerName") or resource.name,
            size=properties["hardwareProfile"]["vmSize"],
            addresses=tuple(filter(None, addresses)),
            custom_data=base64.b64decode(resource.hidden.get("customData", "")),
        )


class Extensions(ResourceType):
    """https://learn.microsoft.com/rest/api/compute/virtual-machine-extensions: done by the machine's agent."""

    name = EXTENSIONS
    slow = True
    location_header = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Protected settings are kept, and never shown."""
        properties = dict(put.properties)
        secret = properties.pop("protectedSettings", None)
        return Resource(put.id.text, self.name, self.body(put, properties), {"protectedSettings": secret})

    def carry_out(self, azure: Azure, operation: Operation, resource: Resource) -> None:
        """Have the agent run it."""
        settings: Mapping[str, Any] = {
            **(resource.properties.get("settings") or {}),
            **(resource.hidden.get("protectedSettings") or {}),
        }
        azure.machines.run_extension(_machine(resource.id), resource.name, settings)

    def turn(self, identifier: ResourceId) -> str:
        """Not one after the other with the machine, which may go while its agent is awaited."""
        return identifier.key


def _machine(extension: str) -> str:
    return extension.rsplit("/", 2)[0]


def _instance(azure: Azure, resource: Resource) -> dict[str, Any]:
    """https://learn.microsoft.com/rest/api/compute/virtual-machines/instance-view"""
    ready = azure.machines.agent_ready(resource.id)
    state = resource.state.lower()
    agent = ("ProvisioningState/succeeded", "Ready") if ready else ("ProvisioningState/Unavailable", "Not Ready")
    return {
        "statuses": [
            {"code": f"ProvisioningState/{state}", "level": "Info", "displayStatus": f"Provisioning {state}"},
            {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"},
        ],
        "vmAgent": {
            "vmAgentVersion": "Unknown" if not ready else "local",
            "statuses": [{"code": agent[0], "level": "Info" if ready else "Warning", "displayStatus": agent[1]}],
        },
    }
