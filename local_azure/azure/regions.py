"""Azure's regions: https://learn.microsoft.com/azure/reliability/regions-list"""

from __future__ import annotations

from collections.abc import Mapping

REGIONS: Mapping[str, str] = {
    name.replace(" ", "").lower(): name
    for name in (
        "Australia Central", "Australia East", "Australia Southeast", "Austria East", "Belgium Central", "Brazil South",
        "Canada Central", "Canada East", "Central India", "Central US", "Chile Central", "East Asia", "East US",
        "East US 2", "France Central", "Germany West Central", "Indonesia Central", "Israel Central", "Italy North",
        "Japan East", "Japan West", "Korea Central", "Korea South", "Malaysia West", "Mexico Central",
        "New Zealand North", "North Central US", "North Europe", "Norway East", "Poland Central", "Qatar Central",
        "South Africa North", "South Central US", "South India", "Southeast Asia", "Spain Central", "Sweden Central",
        "Switzerland North", "UAE North", "UK South", "UK West", "West Central US", "West Europe", "West India",
        "West US", "West US 2", "West US 3",
    )
}  # fmt: skip


def normal(location: str) -> str:
    """A location as ARM compares it: `North Europe` is `northeurope`."""
    return location.replace(" ", "").lower()
