"""Microsoft.ManagedIdentity: user-assigned identities and the federated credentials that prove them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from local_azure.azure.directory import CREDENTIALS, IDENTITIES
from local_azure.azure.errors import bad_request, conflict
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

MAX_CREDENTIALS = 20


class Identities(ResourceType):
    """https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities

    Azure lets an identity go while clusters or role assignments refer to it, and so does this.
    """

    name = IDENTITIES

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A new identity gets a service principal; it keeps it for life."""
        known = put.existing.properties if put.existing else {}
        properties = {
            "tenantId": azure.tenant,
            "principalId": known.get("principalId") or str(uuid.uuid4()),
            "clientId": known.get("clientId") or str(uuid.uuid4()),
        }
        body = self.body(put, properties)
        del body["properties"]["provisioningState"]
        return Resource(put.id.text, self.name, body)


class FederatedCredentials(ResourceType):
    """https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations"""

    name = CREDENTIALS
    tracked = False

    def __init__(self) -> None:
        super().__init__()
        self._writing: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def writing(self, azure: Azure, identifier: ResourceId) -> Iterator[None]:
        """Azure refuses to write or delete two credentials of one identity at the same time."""
        identity = _identity(identifier).lower()
        with self._lock:
            if identity in self._writing:
                raise conflict(
                    "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
                    "Too many Federated Identity Credentials are written concurrently for the managed identity "
                    f"'{identity}'. Concurrent Federated Identity Credentials writes under the same managed "
                    "identity are not supported.",
                )
            self._writing.add(identity)
        try:
            time.sleep(azure.settings.values.federated_credential_seconds)
            yield
        finally:
            with self._lock:
                self._writing.discard(identity)

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Issuer and subject together are unique in an identity, which has at most 20 of them."""
        others = [found for found in azure.store.below(_identity(put.id), self.name) if found.key != put.id.key]
        wanted = (put.properties.get("issuer"), put.properties.get("subject"))
        if any((found.properties["issuer"], found.properties["subject"]) == wanted for found in others):
            raise conflict("Conflict", "Issuer and subject combination already exists for this Managed Identity.")
        if len(others) >= MAX_CREDENTIALS:
            raise bad_request(
                "TooManyFederatedIdentityCredentials",
                f"Too many Federated Identity Credentials: a managed identity has at most {MAX_CREDENTIALS}.",
            )
        if not str(wanted[0]).startswith("https://"):
            raise bad_request(
                "InvalidParameter", f"The issuer '{wanted[0]}' must be an https URL.", "properties.issuer"
            )
        return Resource(put.id.text, self.name, {"properties": put.properties})


def _identity(credential: ResourceId) -> str:
    return credential.text.rsplit("/", 2)[0]
