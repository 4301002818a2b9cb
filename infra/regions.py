"""The regions of the public Azure cloud, so that a typing error is found before anything is created.

Source: `az account list-locations`, https://learn.microsoft.com/azure/reliability/regions-list. A region that Azure
opens later is added here.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

_NAMES: Final = """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
    brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast eastasia eastus eastus2
    francecentral francesouth germanynorth germanywestcentral indonesiacentral israelcentral italynorth japaneast
    japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral newzealandnorth
    northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest
    southcentralus southeastasia southindia spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest
    uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
"""
REGIONS: Final = frozenset(_NAMES.split())


def similar(location: str) -> str | None:
    """The region somebody may have meant by `location` ("West Europe", "westeuroppe"), if there is one."""
    written = location.lower().replace(" ", "").replace("-", "")
    matches = get_close_matches(written, sorted(REGIONS), n=1, cutoff=0.6)
    return matches[0] if matches else None
