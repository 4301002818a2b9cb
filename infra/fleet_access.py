"""What the fleet's controllers may do, in each subscription that the fleet uses.

What happens when
- a subscription is added to `slipway:fleetSubscriptions`: its roles are defined and assigned there;
- one is removed: its roles go, and what the fleet has there stays, out of the controllers' reach;
- an action is added or removed: the role is changed where it is, and stays assigned.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization

from infra.access import Assignable, Role, definition_id, subscription
from infra.fleet_roles import ASO, CAPZ, FleetRole, only_grantable, teams
from infra.identity import Identity
from infra.settings import AzureSettings


class Controllers(NamedTuple):
    """The identities that act on the fleet."""

    capz: Identity
    aso: Identity
    flux: Identity


class FleetAccess(pulumi.ComponentResource):
    """The roles of the controllers in one subscription: custom ones on Azure, built-in ones inside the clusters."""

    def __init__(
        self,
        settings: AzureSettings,
        controllers: Controllers,
        *,
        target: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        # In the management cluster's own subscription names say nothing of it.
        self._where = "" if target == settings.subscription_id.lower() else target
        super().__init__("slipway:azure:FleetAccess", self._named("fleet-access"), None, opts)
        self._settings, self._target = settings, target
        self._assign(controllers.capz, self._define(CAPZ))
        self._assign(controllers.aso, self._define(ASO))
        kinds = settings.team_resources
        if kinds:
            condition = only_grantable() if "RoleAssignment" in kinds else ""
            self._assign(controllers.aso, self._define(teams(kinds), condition))
        # Cluster API enters workload clusters as ASO, and Flux those without a kubeconfig; both make everything there.
        self._assign(controllers.aso, Role.AKS_CLUSTER_ADMIN.of(target))
        self._assign(controllers.flux, Role.AKS_CLUSTER_USER.of(target))
        self._assign(controllers.flux, Role.AKS_CLUSTER_ADMIN.of(target))
        self.register_outputs({})

    def _named(self, name: str) -> str:
        return "-".join(filter(None, (name, self._where)))

    def _assign(self, identity: Identity, role: Assignable) -> None:
        own = self._settings.subscription_id
        identity.may(role, on=subscription(self._target), subscription_id=own, where=self._where)

    def _define(self, role: FleetRole, condition: str = "") -> Assignable:
        cluster, own, scope = self._settings.name, self._settings.subscription_id, subscription(self._target)
        guid = str(uuid5(NAMESPACE_URL, f"{subscription(own)}/{cluster}/{role.purpose}{scope}"))
        definition = authorization.RoleDefinition(
            self._named(f"role-{role.purpose}"),
            role_definition_id=guid,
            # Unique in the tenant, where another management cluster may have the same name.
            role_name=f"Slipway {cluster} {role.purpose} {guid[:8]}",
            role_type="CustomRole",
            description=role.description,
            scope=scope,
            assignable_scopes=[scope],
            permissions=[authorization.PermissionArgs(actions=list(role.actions))],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Assignable(role.purpose, definition_id(guid, self._target), condition, (definition,))
