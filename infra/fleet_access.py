"""What the fleet's controllers may do, in each subscription that the fleet uses.

What happens when
- a subscription is added to `slipway:fleetSubscriptions`: its roles are defined and assigned there;
- one is removed: its roles go, and what the fleet has there stays, out of the controllers' reach;
- an action is added or removed: the role is changed where it is, and stays assigned.
"""

from __future__ import annotations

from typing import NamedTuple

import pulumi

from infra.access import Assignable, Role, subscription
from infra.aliases import formerly_below
from infra.custom_role import define
from infra.fleet_roles import ASO, CAPZ, FleetRole, only_grantable, teams
from infra.identity import Identity
from infra.settings import AzureSettings


class Controllers(NamedTuple):
    """The identities that act on the fleet."""

    capz: Identity
    aso: Identity
    flux: Identity


class FleetAccess:
    """The roles of the controllers in one subscription: custom ones on Azure, built-in ones inside the clusters."""

    def __init__(
        self, settings: AzureSettings, controllers: Controllers, *, target: str, parent: pulumi.Resource
    ) -> None:
        # In the management cluster's own subscription names say nothing of it.
        self._where = "" if target == settings.subscription_id.lower() else target
        self._settings, self._target, self._parent = settings, target, parent
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

    def _named(self, name: str) -> str:
        return "-".join(filter(None, (name, self._where)))

    def _assign(self, identity: Identity, role: Assignable) -> None:
        own = self._settings.subscription_id
        identity.may(role, on=subscription(self._target), subscription_id=own, where=self._where)

    def _define(self, role: FleetRole, condition: str = "") -> Assignable:
        former = f"slipway:azure:ManagementCluster$slipway:azure:FleetAccess::{self._named('fleet-access')}"
        return define(
            self._named(f"role-{role.purpose}"),
            role,
            cluster=self._settings.name,
            subscription_id=self._settings.subscription_id,
            target=self._target,
            condition=condition,
            opts=pulumi.ResourceOptions(parent=self._parent, aliases=[formerly_below(former)]),
        )
