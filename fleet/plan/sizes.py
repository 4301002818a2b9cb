"""Virtual machine sizes: how many cores one has is in its name, for all but the oldest families.

https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NAMED: Final = re.compile(r"^(?:Standard|Basic)_[A-Z]+?(\d+)(?:-\d+)?[a-z]*(?:_|$)")

_OTHERWISE: Final[Mapping[str, int]] = {
    "Standard_A1": 1,
    "Standard_D1_v2": 1,
    "Standard_D2_v2": 2,
    "Standard_D3_v2": 4,
    "Standard_D4_v2": 8,
    "Standard_D5_v2": 16,
    "Standard_D11_v2": 2,
    "Standard_D12_v2": 4,
    "Standard_D13_v2": 8,
    "Standard_D14_v2": 16,
    "Standard_DS1_v2": 1,
    "Standard_DS2_v2": 2,
    "Standard_DS3_v2": 4,
    "Standard_DS4_v2": 8,
    "Standard_DS5_v2": 16,
    "Standard_DS11_v2": 2,
    "Standard_DS12_v2": 4,
    "Standard_DS13_v2": 8,
    "Standard_DS14_v2": 16,
}
"""https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dv2-series and its neighbours."""


def cores(size: str) -> int | None:
    """vCPUs that count against a quota; None for a name that follows no rule."""
    if size in _OTHERWISE:
        return _OTHERWISE[size]
    found = _NAMED.match(size)
    return int(found[1]) if found else None
