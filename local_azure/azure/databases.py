"""Microsoft.DBforPostgreSQL flexible servers, their databases and firewall rules; no server runs here."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.resource_type import Put, ResourceType, unchangeable
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
PASSWORD = "administratorLoginPassword"
RESERVED_LOGINS = {"admin", "administrator", "azure_pg_admin", "azure_superuser", "guest", "public", "root"}


class FlexibleServers(ResourceType):
    """https://learn.microsoft.com/rest/api/postgresql/servers"""

    name = SERVERS
    slow = True
    location_header = True

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A server has an administrator unless it takes Entra tokens only; its password is never shown."""
        name, known = put.id.name, put.existing.properties if put.existing else {}
        if not re.fullmatch(r"[a-z0-9][-a-z0-9]{1,61}[a-z0-9]", name):
            raise bad_request(
                "InvalidServerName",
                f"The server name '{name}' is invalid: it has 3 to 63 lower case letters, digits and hyphens.",
            )
        if any(each.name == name and each.key != put.id.key for each in azure.store.of_type(SERVERS)):
            raise conflict("ServerNameAlreadyExists", f"Specified server name '{name}' is already used.")
        given = {name: value for name, value in put.properties.items() if name != PASSWORD}
        for each in ("administratorLogin", "availabilityZone", "createMode"):
            unchangeable(put, **{each: (known.get(each), given.get(each))})
        whole = {
            "version": "16",
            "storage": {"storageSizeGB": 32, "autoGrow": "Disabled"},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "highAvailability": {"mode": "Disabled"},
            "network": {"publicNetworkAccess": "Enabled"},
            **known,
            **given,
            "authConfig": {
                "activeDirectoryAuth": "Disabled",
                "passwordAuth": "Enabled",
                **(known.get("authConfig") or {}),
                **(given.get("authConfig") or {}),
            },
            "fullyQualifiedDomainName": f"{name}.postgres.database.azure.com",
            "state": "Ready",
            "minorVersion": "8",
        }
        if put.existing is None:
            _check_login(put, whole["authConfig"])
        if "sku" not in put.body and put.existing is None:
            raise bad_request("InvalidParameterValue", "The parameter 'sku' is required.", "sku")
        body = self.body(put, whole)
        return Resource(put.id.text, self.name, {"sku": (put.existing.body if put.existing else {}).get("sku"), **body})

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """The service says `state`, not `provisioningState`."""
        properties = dict(resource.properties)
        properties.pop("provisioningState", None)
        state = {"Creating": "Provisioning", "Deleting": "Dropping", "Updating": "Updating"}
        properties["state"] = state.get(resource.state, "Ready")
        return {**super().view(azure, resource), "properties": properties}


class ServerParts(ResourceType):
    """What a server has: https://learn.microsoft.com/rest/api/postgresql/databases"""

    tracked = False
    slow = True
    location_header = True

    def __init__(self, name: str, defaults: Mapping[str, str]) -> None:
        super().__init__(name)
        self._defaults = defaults

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Addresses of a firewall rule are addresses, the first not after the last."""
        start, end = (put.properties.get(f"{which}IpAddress") for which in ("start", "end"))
        if start or end:
            _check_range(str(start), str(end))
        return Resource(put.id.text, self.name, self.body(put, {**self._defaults, **put.properties}))

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """Without a state, as the service has it."""
        properties = {name: value for name, value in resource.properties.items() if name != "provisioningState"}
        return {**super().view(azure, resource), "properties": properties}


DATABASES = ServerParts(f"{SERVERS}/databases", {"charset": "UTF8", "collation": "en_US.utf8"})
FIREWALL_RULES = ServerParts(f"{SERVERS}/firewallRules", {})


def _check_login(put: Put, signs_in: Mapping[str, Any]) -> None:
    login, password = put.properties.get("administratorLogin"), put.properties.get(PASSWORD)
    if signs_in["passwordAuth"] == "Disabled":
        if signs_in["activeDirectoryAuth"] == "Disabled":
            raise bad_request(
                "InvalidParameterValue", "One of passwordAuth and activeDirectoryAuth must be enabled.", "authConfig"
            )
        return
    if not login or str(login).lower() in RESERVED_LOGINS or str(login).startswith("pg_"):
        raise bad_request("InvalidParameterValue", "Invalid value given for parameter administratorLogin.")
    kinds = sum(bool(re.search(kind, str(password or ""))) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    if kinds < 3 or not 8 <= len(str(password)) <= 128:
        raise bad_request("PasswordNotComplex", "The password does not meet complexity requirements.")


def _check_range(start: str, end: str) -> None:
    try:
        ordered = ipaddress.IPv4Address(start) <= ipaddress.IPv4Address(end)
    except ValueError:
        ordered = False
    if not ordered:
        raise bad_request("InvalidIpAddress", f"'{start}' to '{end}' is no range of IPv4 addresses.")
