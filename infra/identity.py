"""User-assigned identities, and which service accounts of the management cluster may act as them.

No secret is involved: Kubernetes signs a token for the service account, Entra checks it against the cluster's OIDC
issuer and the federated credential, and answers with a token of the identity.
https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
from pulumi_azure_native import authorization, managedidentity

from infra import naming
from infra.access import Assignable, grant
from infra.aliases import formerly_below

AUDIENCE = "api://AzureADTokenExchange"
"""What Entra asks for: https://learn.microsoft.com/graph/api/resources/federatedidentitycredentials-overview"""


class ServiceAccount(NamedTuple):
    """A service account of the management cluster."""

    namespace: str
    name: str

    @property
    def subject(self) -> str:
        """Its name in the tokens Kubernetes signs."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


class Identity:
    """A user-assigned identity with its roles and the service accounts that may act as it.

    All of it is in the component `parent`, since who depends on that one depends not on what is below its resources.

    Attributes:
        id: ARM id.
        client_id: what controllers name themselves by.
        principal_id: what roles are assigned to.
    """

    id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        cluster: str,
        location: str,
        resource_group: pulumi.Input[str],
        parent: pulumi.Resource,
    ) -> None:
        self._name = resource_name
        self._name_in_azure = naming.identity(cluster, resource_name)
        self._resource_group = resource_group
        former = formerly_below(f"slipway:azure:ManagementCluster$slipway:azure:Identity::{resource_name}")
        self._opts = pulumi.ResourceOptions(parent=parent, aliases=[former])
        identity = managedidentity.UserAssignedIdentity(
            resource_name,
            resource_name_=self._name_in_azure,
            resource_group_name=resource_group,
            location=location,
            opts=self._opts,
        )
        self._identity = identity
        self.id, self.client_id, self.principal_id = identity.id, identity.client_id, identity.principal_id

    def may(
        self, role: Assignable, *, on: pulumi.Input[str], subscription_id: str, where: str = ""
    ) -> authorization.RoleAssignment:
        """Assign a role to this identity on the scope `on`; `where` tells scopes of the same role apart."""
        return grant(
            "-".join(filter(None, (self._name, role.name, where))),
            role,
            to=self.principal_id,
            on=on,
            subscription_id=subscription_id,
            owner=self._name_in_azure,
            opts=self._opts,
        )

    def trust(self, accounts: Sequence[ServiceAccount], *, issuer: pulumi.Input[str]) -> None:
        """Let service accounts act as this identity.

        Args:
            issuer: URL of the OIDC issuer of their cluster.
        """
        before: list[pulumi.Resource] = []
        for account in accounts:
            name = naming.federated_credential(*account)
            credential = managedidentity.FederatedIdentityCredential(
                f"{self._name}-{name}",
                federated_identity_credential_resource_name=name,
                resource_group_name=self._resource_group,
                resource_name_=self._identity.name,
                issuer=issuer,
                subject=account.subject,
                audiences=[AUDIENCE],
                # Azure refuses two writes at a time below one identity.
                opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=before)),
            )
            before = [credential]
