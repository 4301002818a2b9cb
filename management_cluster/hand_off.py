"""Hands the fleet over to Git: its source, one root Kustomization, and what the fleet needs to know and to have.

The source (`fleet_source.py`) and its credential are in two namespaces, since Flux is not allowed to look from one into
another: for the root in flux-system, and for the hydration of clusters beside these.

What happens when
- settings change: all of it is written again; it is always the program's;
- the root Kustomization goes: what it applied stays (deletionPolicy Orphan);
- the stack is destroyed: these objects end with the cluster, nothing is pruned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from fleet.credentials import PUSHES
from fleet.fleet_repository import FleetRepository
from infra.identity import Identity, ServiceAccount
from infra.management_cluster import DECRYPTION, FLUX, SOURCE, ManagementCluster
from infra.settings import Settings
from management_cluster import fleet_source, git_credentials, image_registry
from management_cluster.connection import OURS, Connection
from management_cluster.flux import NAMESPACE

CLUSTERS: Final = "clusters"
"""The namespace of the workload clusters' objects."""

SUFFIXES: Final = {NAMESPACE: "", CLUSTERS: f"-of-{CLUSTERS}"}
"""Of Pulumi's names for what is in both namespaces under the same name."""

READ_BY_STATUS: Final = {"slipway.dev/file": "runtime-info"}
"""By it `python -m fleet status` finds the ConfigMap; see fleet/status/inventory.py."""

NEVER_PRUNED: Final = {**OURS, "kustomize.toolkit.fluxcd.io/prune": "disabled"}
"""Credentials and their namespace outlive whatever Git says."""


class HandOff(pulumi.ComponentResource):
    """The last thing the program does: from here on Git decides."""

    def __init__(
        self,
        resource_name: str,
        settings: Settings,
        management: ManagementCluster,
        fleet: FleetRepository,
        connection: Connection,
        *,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:flux:HandOff", resource_name, None, opts)
        self._settings, self._connection = settings, connection
        ready = list(after)
        of_clusters = self._credential_of_clusters(management)
        known = [
            of_clusters,
            self._runtime_info(management, ready),
            *self._git_credentials([*ready, of_clusters]),
        ]
        accounts = self._identities(management, [*ready, of_clusters])
        options = connection.options(self, depends_on=[*ready, *known, *accounts])
        source = fleet_source.read("source", fleet, settings.fleet, NAMESPACE, opts=options)
        fleet_source.read("source-of-clusters", fleet, settings.fleet, CLUSTERS, opts=options)
        decrypt = bool(settings.azure.decryption_key_id)
        fleet_source.apply(NAMESPACE, decrypt=decrypt, opts=connection.options(self, depends_on=[source]))
        self.register_outputs({})

    def _credential_of_clusters(self, management: ManagementCluster) -> pulumi.Resource:
        """The namespace `clusters` with the identities by which ASO and Flux act there.

        https://azure.github.io/azure-service-operator/guide/authentication/credential-scope/
        """
        namespace = kubernetes.core.v1.Namespace(
            "clusters",
            metadata=ObjectMetaArgs(name=CLUSTERS, annotations=NEVER_PRUNED),
            opts=pulumi.ResourceOptions.merge(
                self._connection.options(self), pulumi.ResourceOptions(retain_on_delete=True)
            ),
        )
        # By it kustomize-controller signs in to clusters without a kubeconfig.
        # https://fluxcd.io/flux/integrations/azure/#for-azure-kubernetes-service
        self._account("flux", FLUX[0], management.flux, [namespace])
        azure = self._settings.azure
        return self._secret(
            "aso-credential",
            "aso-credential",
            {
                "AZURE_SUBSCRIPTION_ID": azure.subscriptions_of_fleet[0],
                "AZURE_TENANT_ID": azure.tenant_id,
                "AZURE_CLIENT_ID": management.aso.client_id,
                "AUTH_MODE": "workloadidentity",
            },
            namespace=CLUSTERS,
            after=[namespace],
        )

    def _runtime_info(self, management: ManagementCluster, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """What the fleet's manifests substitute: facts about the management cluster, no secrets."""
        azure, fleet = self._settings.azure, self._settings.fleet
        return kubernetes.core.v1.ConfigMap(
            "runtime-info",
            metadata=ObjectMetaArgs(
                name="runtime-info", namespace=NAMESPACE, annotations=NEVER_PRUNED, labels=READ_BY_STATUS
            ),
            data={
                "subscription_id": azure.subscriptions_of_fleet[0],
                "tenant_id": azure.tenant_id,
                "location": azure.location,
                "management_cluster": azure.name,
                "resource_group": management.resource_group,
                "oidc_issuer_url": management.aks.issuer_url,
                "aso_client_id": management.aso.client_id,
                "capz_client_id": management.capz.client_id,
                "flux_client_id": management.flux.client_id,
                "fleet_url": fleet.fleet_url,
                "fleet_branch": fleet.fleet_branch,
                "domain": fleet.domain,
                **image_registry.values(self._settings),
            },
            opts=self._connection.options(self, depends_on=after),
        )

    def _git_credentials(self, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        contents = git_credentials.secrets(self._settings.fleet)
        pushes = {} if git_credentials.only_reads(self._settings.fleet) else {PUSHES: "true"}
        notes = {git_credentials.VALUES: pushes}
        return [
            self._secret(name + suffix, name, values, namespace=namespace, after=after, notes=notes.get(name))
            for namespace, suffix in SUFFIXES.items()
            for name, values in contents.items()
        ]

    def _identities(self, management: ManagementCluster, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """The service accounts as which Flux reads Git and the agents' manifests, and decrypts, where it has to.

        Flux asks for a token of the account that an object names, so that no other object gets it.
        https://fluxcd.io/flux/installation/configuration/workload-identity/
        """
        settings = self._settings
        git = settings.fleet.git_auth == "azureDevOps"
        reads = {NAMESPACE: git, CLUSTERS: git or image_registry.of_azure(settings)}
        found = [
            self._account(each.name + SUFFIXES[each.namespace], each, management.source, after)
            for each in SOURCE
            if reads[each.namespace]
        ]
        if settings.azure.decryption_key_id:
            found += [self._account(each.name, each, management.decryption, after) for each in DECRYPTION]
        return found

    def _account(
        self, resource_name: str, account: ServiceAccount, identity: Identity, after: Sequence[pulumi.Resource]
    ) -> pulumi.Resource:
        """A service account that Entra takes for an identity; no pod runs as it."""
        return kubernetes.core.v1.ServiceAccount(
            resource_name,
            metadata=ObjectMetaArgs(
                name=account.name,
                namespace=account.namespace,
                annotations={
                    **NEVER_PRUNED,
                    "azure.workload.identity/client-id": identity.client_id,
                    "azure.workload.identity/tenant-id": self._settings.azure.tenant_id,
                },
            ),
            opts=self._connection.options(self, depends_on=after),
        )

    def _secret(
        self,
        resource_name: str,
        name: str,
        values: Mapping[str, pulumi.Input[str]],
        *,
        namespace: str,
        after: Sequence[pulumi.Resource],
        notes: Mapping[str, str] | None = None,
    ) -> pulumi.Resource:
        encoded = {key: pulumi.Output.secret(value).apply(git_credentials.encode) for key, value in values.items()}
        return kubernetes.core.v1.Secret(
            resource_name,
            metadata=ObjectMetaArgs(name=name, namespace=namespace, annotations={**NEVER_PRUNED, **(notes or {})}),
            type="Opaque",
            data=encoded,
            opts=self._connection.options(self, depends_on=after),
        )
