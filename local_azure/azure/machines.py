"""What stands behind a virtual machine: the interface to a real one, and what there is until then.

As `backend` is for managed clusters. Calls block until the real thing is there (or gone), may come from several
threads, and may be repeated: an operation that was interrupted runs again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from local_azure.azure.errors import ArmError

AGENT_SECONDS = 90 * 60
"""How long Azure waits for an extension:
https://learn.microsoft.com/azure/virtual-machines/extensions/features-linux"""


@dataclass(frozen=True)
class MachineSpec:
    """A virtual machine: `custom_data` is what cloud-init finds, as it was before base64."""

    resource_id: str
    computer_name: str
    size: str
    addresses: tuple[str, ...]
    custom_data: bytes


class Machines(Protocol):
    """Virtual machines by their resource ID, compared without regard to case."""

    def create(self, spec: MachineSpec) -> None:
        """Start the machine; returns when its operating system is being started."""

    def run_extension(self, resource_id: str, name: str, settings: Mapping[str, Any]) -> None:
        """Run an extension; returns when the machine's agent says that it succeeded, raises when it failed."""

    def agent_ready(self, resource_id: str) -> bool:
        """Whether the machine's agent answers."""

    def delete(self, resource_id: str) -> None:
        """Remove a machine; nothing happens when there is none."""


class NotBooted:
    """No machine is booted: it is there as long as its resource is, and its agent never answers."""

    def __init__(self) -> None:
        self._gone: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def create(self, spec: MachineSpec) -> None:
        """Nothing reads its custom data."""
        self._gone[spec.resource_id.lower()].clear()

    def run_extension(self, resource_id: str, name: str, settings: Mapping[str, Any]) -> None:
        """Waits for an agent that is not there, as Azure does: until the machine is deleted, 90 minutes at most."""
        if self._gone[resource_id.lower()].wait(AGENT_SECONDS):
            raise ArmError(409, "OperationPreempted", f"The virtual machine of extension '{name}' was deleted.")
        raise ArmError(
            409,
            "VMExtensionProvisioningTimeout",
            f"Provisioning of VM extension '{name}' has timed out. Extension provisioning has taken too long to "
            "complete. The extension did not report a message. More information on troubleshooting is available at "
            "https://aka.ms/vmextensionlinuxtroubleshoot",
        )

    def agent_ready(self, resource_id: str) -> bool:
        """Never."""
        return False

    def delete(self, resource_id: str) -> None:
        """Whoever waits for its agent is told."""
        self._gone[resource_id.lower()].set()
