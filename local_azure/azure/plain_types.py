"""Types that are stored much as they are sent: nothing real stands behind them here."""

from __future__ import annotations

import re
import uuid

from local_azure.azure.directory import CLUSTERS
from local_azure.azure.errors import bad_request
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure


class MaintenanceConfigurations(ResourceType):
    """When AKS may upgrade a cluster; nothing here upgrades by itself."""

    name = f"{CLUSTERS}/maintenanceConfigurations"
    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Three names are known: https://learn.microsoft.com/azure/aks/planned-maintenance"""
        known = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
        if put.id.name not in known:
            raise bad_request(
                "InvalidParameter", f"The maintenance configuration's name must be one of {', '.join(known)}.", "name"
            )
        return Resource(put.id.text, self.name, {"properties": put.properties})


class DnsRecords(ResourceType):
    """Records of a private DNS zone; nobody is answered from them here."""

    tracked = False

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A record knows its full name."""
        zone = put.id.text.split("/")[-3]
        return Resource(put.id.text, self.name, {"properties": {**put.properties, "fqdn": f"{put.id.name}.{zone}."}})


class Registries(ResourceType):
    """Microsoft.ContainerRegistry/registries."""

    name = "Microsoft.ContainerRegistry/registries"
    slow = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Names have 5 to 50 letters and digits."""
        if not re.fullmatch(r"[a-zA-Z0-9]{5,50}", put.id.name):
            raise bad_request(
                "InvalidParameter",
                f"The registry name '{put.id.name}' is invalid: it has 5 to 50 letters and digits.",
                "registryName",
            )
        properties = {**put.properties, "loginServer": f"{put.id.name.lower()}.azurecr.io"}
        body = self.body(put, properties)
        return Resource(put.id.text, self.name, {**body, "sku": {**body["sku"], "tier": body["sku"]["name"]}})


class Workspaces(ResourceType):
    """Microsoft.OperationalInsights/workspaces: takes no logs here."""

    name = "Microsoft.OperationalInsights/workspaces"
    slow = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A workspace has an ID that agents use."""
        known = put.existing.properties if put.existing else {}
        defaults = {"retentionInDays": 30, "sku": {"name": "PerGB2018"}, "publicNetworkAccessForIngestion": "Enabled"}
        customer = known.get("customerId") or str(uuid.uuid4())
        return Resource(put.id.text, self.name, self.body(put, {**defaults, **put.properties, "customerId": customer}))
