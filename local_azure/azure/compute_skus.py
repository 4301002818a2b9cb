"""Microsoft.Compute/skus: which sizes there are, what they can do, and in which zones.

https://learn.microsoft.com/rest/api/compute/resource-skus. The common general purpose families; the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_azure.azure.regions import REGIONS, normal
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.subscription import Azure

PATH = re.compile(r"/subscriptions/[^/]+/providers/Microsoft\.Compute/skus", re.IGNORECASE)
LOCATION = re.compile(r"location\s+eq\s+'([^']+)'", re.IGNORECASE)
ZONES = ("1", "2", "3")
CPUS = (2, 4, 8, 16, 32, 48, 64, 96)
FAMILIES: Mapping[str, int] = {"D{}s_v5": 4, "D{}ds_v5": 4, "D{}as_v5": 4, "D{}s_v6": 4, "E{}s_v5": 8, "F{}s_v2": 2}
"""Memory by CPU, in GiB."""

SIZES: Mapping[str, tuple[int, int]] = {
    **{
        f"Standard_{family.format(cpus)}": (cpus, cpus * memory) for family, memory in FAMILIES.items() for cpus in CPUS
    },
    "Standard_B2s": (2, 4),
    "Standard_B2ms": (2, 8),
    "Standard_B4ms": (4, 16),
    "Standard_D2s_v3": (2, 8),
    "Standard_D4s_v3": (4, 16),
    "Standard_D8s_v3": (8, 32),
}
"""CPUs and memory (GiB) by size."""


def answer(azure: Azure, call: Call) -> Reply | None:
    """The list, of all regions or of one; None when the path is about something else."""
    if not PATH.fullmatch(call.path):
        return None
    azure.access.require(call.caller, "Microsoft.Compute/skus/read", "/".join(call.path.split("/")[:3]))
    chosen = LOCATION.search(call.query.get("$filter", ""))
    regions = [normal(chosen.group(1))] if chosen else list(REGIONS)
    skus = [sku for region in regions if region in REGIONS for sku in _skus(region)]
    return Reply(200, {"value": skus})


def _skus(region: str) -> list[dict[str, Any]]:
    sizes = [
        {
            "resourceType": "virtualMachines",
            "name": name,
            "tier": "Standard",
            "size": name.removeprefix("Standard_"),
            "locations": [region],
            "locationInfo": [{"location": region, "zones": list(ZONES), "zoneDetails": []}],
            "capabilities": _capabilities(cpus, memory),
            "restrictions": [],
        }
        for name, (cpus, memory) in SIZES.items()
    ]
    sets = [
        {
            "resourceType": "availabilitySets",
            "name": name,
            "locations": [region],
            "locationInfo": [{"location": region, "zones": [], "zoneDetails": []}],
            "capabilities": [{"name": "MaximumPlatformFaultDomainCount", "value": "2"}],
            "restrictions": [],
        }
        for name in ("Classic", "Aligned")
    ]
    return sizes + sets


def _capabilities(cpus: int, memory: int) -> list[dict[str, str]]:
    values = {
        "vCPUs": str(cpus),
        "MemoryGB": str(memory),
        "CpuArchitectureType": "x64",
        "PremiumIO": "True",
        "AcceleratedNetworkingEnabled": "True",
        "EncryptionAtHostSupported": "True",
        "EphemeralOSDiskSupported": "False",
        "HyperVGenerations": "V1,V2",
    }
    return [{"name": name, "value": value} for name, value in values.items()]
