"""What a configured provider works with: settings, identity, and the subscription it works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

from local_azure.azure_native.arm import Arm
from local_azure.azure_native.credentials import Credential, Settings, discover
from local_azure.azure_native.lifecycle import Lifecycle
from local_azure.azure_native.table import Table

CONNECTIONS = 16
"""Kept open to Azure at once; more calls than that take turns with new ones."""


@dataclass(frozen=True)
class Session:
    """One engine's access to one subscription."""

    settings: Settings
    credential: Credential
    arm: Arm
    lifecycle: Lifecycle

    @classmethod
    def open(cls, table: Table, config: Mapping[str, str]) -> Session:
        """Finds Azure; signs in at the first call only. Raises ConfigurationError."""
        settings = Settings.read(config)
        http = urllib3.PoolManager(maxsize=CONNECTIONS)
        endpoints = discover(http, settings.metadata_host)
        credential = Credential(http, endpoints, settings)
        arm = Arm(http, endpoints.resource_manager, credential)
        return cls(settings, credential, arm, Lifecycle(table, arm, settings.subscription))

    def client_config(self) -> dict[str, str]:
        """Who we are, as `getClientConfig` says it."""
        claims = self.credential.claims()
        return {
            "clientId": claims.get("appid", self.settings.client),
            "objectId": claims.get("oid", ""),
            "subscriptionId": self.settings.subscription,
            "tenantId": claims.get("tid", self.settings.tenant),
        }
