"""Everything in Azure that a management cluster is: resource group, network, identities with their roles, AKS."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from infra import naming
from infra.access import Role
from infra.aks import Aks
from infra.aks_settings import AksSettings
from infra.aliases import without_versions
from infra.arm_ids import subscription_of
from infra.custom_role import define
from infra.fleet_access import Controllers, FleetAccess
from infra.fleet_roles import DECRYPTION as FOR_DECRYPTION
from infra.identity import Identity, ServiceAccount
from infra.locks import lock
from infra.network import Network
from infra.network_settings import NetworkSettings
from infra.settings import AzureSettings
from infra.tags import tagging

EXPIRES = "slipway-expires"
"""Tag of the resource group of a short-lived management cluster: from then on pipelines/expiry.py destroys it."""

CAPZ = (
    ServiceAccount("capz-system", "capz-manager"),
    # The network of a cluster on virtual machines CAPZ has made by ASO, under its own client id.
    ServiceAccount("capz-system", "azureserviceoperator-default"),
)
ASO = (
    ServiceAccount("capz-system", "azureserviceoperator-default"),
    # CAPZ fetches the Entra token for a workload cluster's kubeconfig under the client id it finds in ASO's credential.
    ServiceAccount("capz-system", "capz-manager"),
)
# As this one kustomize-controller signs in to clusters that have no kubeconfig (class aks-aso), not as its own.
FLUX = (ServiceAccount("clusters", "flux"),)
# As these it reads Git and registries, and decrypts: accounts that its objects name, in the namespaces of the objects.
# Its controllers' own could be used by every object of theirs, a team's included.
SOURCE = (ServiceAccount("flux-system", "flux-source"), ServiceAccount("clusters", "flux-source"))
DECRYPTION = (ServiceAccount("flux-system", "flux-decryption"),)


class ManagementCluster(pulumi.ComponentResource):
    """The management cluster in Azure.

    Attributes:
        aks: the cluster and its credentials.
        capz, aso, flux: the identities of the controllers that will run on it, with rights over the fleet.
        source, decryption: what Flux reads Git or a registry and decrypts as, where settings or somebody else let it.
        resource_group: name of the resource group that holds all of it but the nodes.
        egress_address: what the rest of the world sees it as; empty where somebody else's route leads out.
    """

    aks: Aks
    capz: Identity
    aso: Identity
    flux: Identity
    source: Identity
    decryption: Identity
    resource_group: pulumi.Output[str]
    egress_address: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        settings: AzureSettings,
        aks: AksSettings,
        ranges: NetworkSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        tagged = pulumi.ResourceOptions(transformations=[tagging(settings.tags), without_versions])
        super().__init__(
            "slipway:azure:ManagementCluster", resource_name, None, pulumi.ResourceOptions.merge(opts, tagged)
        )
        self.settings = settings
        inside = pulumi.ResourceOptions(parent=self)
        group = resources.ResourceGroup(
            "resource-group",
            resource_group_name=naming.resource_group(settings.name),
            location=settings.location,
            tags={EXPIRES: settings.expires} if settings.expires else None,
            opts=pulumi.ResourceOptions(parent=self, protect=aks.protect),
        )
        self.resource_group = group.name
        network = Network(
            "network",
            name=settings.name,
            location=settings.location,
            resource_group=group.name,
            settings=ranges,
            aks=aks,
            opts=inside,
        )
        self.egress_address = network.egress_address
        self.aks = Aks(
            "aks",
            azure=settings,
            settings=aks,
            ranges=ranges,
            resource_group=group.name,
            network=network,
            identity=self._identity("aks"),
            opts=inside,
        )
        if aks.protect:
            self._lock(network.egress_id)
        self._controllers()
        if aks.registry_id:
            # The nodes pull images (registry_access.py), this one what Flux reads there itself: the agents' manifests.
            own, role = settings.subscription_id, Role.ACR_PULL.of(subscription_of(aks.registry_id))
            self.source.may(role, on=aks.registry_id, subscription_id=own)
        self.register_outputs({"resource_group": self.resource_group})

    def _lock(self, egress_id: pulumi.Output[str] | None) -> None:
        """Azure keeps the cluster and its address until `slipway:protect` is false; see infra/locks.py."""
        notes = (
            f"To delete it, set slipway:protect of Slipway's stack {pulumi.get_stack()} to false, and run `pulumi up`."
        )
        lock(
            "cluster-lock",
            on=self.aks.cluster.id,
            cluster=self.settings.name,
            notes=notes,
            parent=self,
            after=[self.aks],
        )
        if egress_id is not None:
            lock("egress-lock", on=egress_id, cluster=self.settings.name, notes=notes, parent=self)

    def _controllers(self) -> None:
        """The identities of the controllers, and what they may do in the subscriptions the fleet lives in."""
        self.capz, self.aso, self.flux = self._identity("capz"), self._identity("aso"), self._identity("flux")
        controllers = Controllers(self.capz, self.aso, self.flux)
        for target in self.settings.subscriptions_of_fleet:
            FleetAccess(self.settings, controllers, target=target, parent=self)
        self.source, self.decryption = self._identity("flux-source"), self._identity("flux-decryption")
        if self.settings.decryption_key_id:
            self._let_decrypt(self.settings.decryption_key_id)
        trusted = {
            self.capz: CAPZ,
            self.aso: ASO,
            self.flux: FLUX,
            self.source: SOURCE,
            self.decryption: DECRYPTION,
        }
        for identity, accounts in trusted.items():
            identity.trust(accounts, issuer=self.aks.issuer_url)

    def _let_decrypt(self, key: str) -> None:
        """Flux may decrypt by this key, and do nothing else with it or its vault."""
        own = self.settings.subscription_id
        role = define(
            f"role-{FOR_DECRYPTION.purpose}",
            FOR_DECRYPTION,
            cluster=self.settings.name,
            subscription_id=own,
            target=subscription_of(key),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.decryption.may(role, on=key, subscription_id=own)

    def _identity(self, purpose: str) -> Identity:
        return Identity(
            purpose,
            cluster=self.settings.name,
            location=self.settings.location,
            resource_group=self.resource_group,
            parent=self,
        )
