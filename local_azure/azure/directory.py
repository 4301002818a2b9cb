"""The Entra tenant's principals: the operator, and the managed identities that exist as Azure resources.

There are no client secrets and no app registrations: a principal proves itself by a federated credential only.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from local_azure import instance
from local_azure.azure.store import Store

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIALS = f"{IDENTITIES}/federatedIdentityCredentials"
CLUSTERS = "Microsoft.ContainerService/managedClusters"
AUDIENCE = "api://AzureADTokenExchange"
OPERATOR_ISSUER = f"https://{instance.SIMULATOR}/operator"
OPERATOR_SUBJECT = "operator"
OPERATOR_OBJECT_ID = str(uuid.uuid5(uuid.UUID(instance.TENANT_ID), "operator"))


@dataclass(frozen=True)
class FederatedCredential:
    """Which tokens of another issuer prove a principal."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class Principal:
    """A service principal: `client_id` is what it signs in with, `object_id` what roles are assigned to."""

    client_id: str
    object_id: str
    name: str
    resource_id: str = ""
    credentials: tuple[FederatedCredential, ...] = ()


OPERATOR = Principal(
    instance.OPERATOR_CLIENT_ID,
    OPERATOR_OBJECT_ID,
    "operator",
    credentials=(FederatedCredential(OPERATOR_ISSUER, OPERATOR_SUBJECT, (AUDIENCE,)),),
)


class Directory:
    """Finds principals among the resources in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_client_id(self, client_id: str) -> Principal | None:
        """The principal that signs in as `client_id`."""
        if client_id.lower() == OPERATOR.client_id:
            return OPERATOR
        for identity in self._store.of_type(IDENTITIES):
            if identity.properties["clientId"] == client_id.lower():
                credentials = tuple(
                    FederatedCredential(
                        found.properties["issuer"], found.properties["subject"], tuple(found.properties["audiences"])
                    )
                    for found in self._store.below(identity.id, CREDENTIALS)
                )
                properties = identity.properties
                return Principal(
                    properties["clientId"], properties["principalId"], identity.name, identity.id, credentials
                )
        return None

    def knows(self, object_id: str) -> bool:
        """Whether a principal with this object ID exists."""
        wanted = object_id.lower()
        if wanted == OPERATOR.object_id:
            return True
        if any(identity.properties["principalId"] == wanted for identity in self._store.of_type(IDENTITIES)):
            return True
        owners = (cluster.body.get("identity") or {} for cluster in self._store.of_type(CLUSTERS))
        return any(identity.get("principalId") == wanted for identity in owners)
