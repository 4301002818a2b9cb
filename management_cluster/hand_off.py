"""Hands the fleet over to Git: its source, one root Kustomization, and what the fleet needs to know and to have.

The source (`fleet_source.py`) and its credential are in two namespaces, since Flux is not allowed to look from one into
another: for the root in flux-system, and for the hydration of clusters beside these.

What happens when
- settings change: all of it is written again; it is always the program's;
- the root Kustomization goes: what it applied stays (deletionPolicy Orphan);
- the stack is destroyed: these objects end with the cluster, nothing is pruned.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from fleet.fleet_repository import FleetRepository
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
from management_cluster import fleet_source
from management_cluster.connection import OURS, Connection
from management_cluster.flux import NAMESPACE

CLUSTERS: Final = "clusters"
"""The namespace of the workload clusters' objects."""

FLUX_REGISTRY: Final = "ghcr.io"
"""Where Flux publishes its images, and the artifact from which agents are applied."""

AZURE_REGISTRIES: Final = ".azurecr.io"
"""Flux reads them by its own identity: https://fluxcd.io/flux/components/source/ocirepositories/#provider"""

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
        signed, options = bool(settings.fleet.signers), connection.options(self, depends_on=[*ready, *known])
        source = fleet_source.read("source", fleet, NAMESPACE, signed=signed, opts=options)
        fleet_source.read("source-of-clusters", fleet, CLUSTERS, signed=signed, opts=options)
        fleet_source.apply(NAMESPACE, connection.options(self, depends_on=[source]))
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
        azure = self._settings.azure
        kubernetes.core.v1.ServiceAccount(
            "flux",
            metadata=ObjectMetaArgs(
                name="flux",
                namespace=CLUSTERS,
                # By these kustomize-controller signs in to clusters without a kubeconfig.
                # https://fluxcd.io/flux/integrations/azure/#for-azure-kubernetes-service
                annotations={
                    **NEVER_PRUNED,
                    "azure.workload.identity/client-id": management.flux.client_id,
                    "azure.workload.identity/tenant-id": azure.tenant_id,
                },
            ),
            opts=self._connection.options(self, depends_on=[namespace]),
        )
        return self._secret(
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
        registry = self._settings.controllers.image_registry or FLUX_REGISTRY
        return kubernetes.core.v1.ConfigMap(
            "runtime-info",
            metadata=ObjectMetaArgs(name="runtime-info", namespace=NAMESPACE, annotations=NEVER_PRUNED),
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
                "image_registry": registry,
                "image_registry_login": "azure" if registry.partition("/")[0].endswith(AZURE_REGISTRIES) else "generic",
            },
            opts=self._connection.options(self, depends_on=after),
        )

    def _git_credentials(self, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """The same credential twice: as Flux reads it, and as values that are substituted for the agents' copy."""
        fleet = self._settings.fleet
        user, password = fleet.git_username, fleet.git_password.get_secret_value()
        contents = {
            fleet_source.CREDENTIAL: {"username": user, "password": password},
            "fleet-git-values": {"git_username": user, "git_password": password},
        }
        if fleet.ca_certificates:
            contents[fleet_source.CREDENTIAL]["ca.crt"] = fleet.ca_certificates
            contents["fleet-git-values"]["git_ca_base64"] = _encode(fleet.ca_certificates)
        if fleet.signers:
            contents[fleet_source.SIGNERS] = dict(fleet.signers)
        return [
            self._secret(name, values, namespace=namespace, after=after)
            for namespace in (NAMESPACE, CLUSTERS)
            for name, values in contents.items()
        ]

    def _secret(
        self,
        name: str,
        values: Mapping[str, pulumi.Input[str]],
        *,
        namespace: str = NAMESPACE,
        after: Sequence[pulumi.Resource] = (),
    ) -> pulumi.Resource:
        encoded = {key: pulumi.Output.secret(value).apply(_encode) for key, value in values.items()}
        return kubernetes.core.v1.Secret(
            name if namespace == NAMESPACE or name == "aso-credential" else f"{name}-of-{namespace}",
            metadata=ObjectMetaArgs(name=name, namespace=namespace, annotations=NEVER_PRUNED),
            type="Opaque",
            data=encoded,
            opts=self._connection.options(self, depends_on=after),
        )


def _encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
