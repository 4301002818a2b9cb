"""Lets the nodes pull images from a registry of somebody else's, as `az aks update --attach-acr` does.

The right goes to the identity that AKS makes for the kubelets, not to one of our own: that would need a second right,
by which the control plane may give it to nodes (Managed Identity Operator), and to change it on a cluster that runs
replaces every node. When AKS is replaced, so is its identity, and the assignment follows.
https://learn.microsoft.com/azure/aks/cluster-container-registry-integration
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import authorization
from pulumi_azure_native import containerservice as aks

from infra.access import Role, grant
from infra.arm_ids import subscription_of

KUBELET = "kubeletidentity"
"""By which AKS lists it among its identities."""


def may_pull(
    cluster: aks.ManagedCluster, *, registry_id: str, name: str, subscription_id: str, parent: pulumi.Resource
) -> authorization.RoleAssignment:
    """Let a cluster's nodes pull.

    Args:
        registry_id: ARM id; who runs this needs the right to assign roles there.
        name: of the cluster in Azure.
        subscription_id: of the management cluster.
    """
    return grant(
        "nodes-acr-pull",
        Role.ACR_PULL.of(subscription_of(registry_id)),
        to=cluster.identity_profile.apply(_kubelet),
        on=registry_id,
        subscription_id=subscription_id,
        owner=name,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _kubelet(identities: Mapping[str, aks.outputs.UserAssignedIdentityManagedClusterResponse] | None) -> str:
    found = (identities or {}).get(KUBELET)
    if found is None or not found.object_id:
        raise pulumi.RunError(f"AKS has no {KUBELET} among the cluster's identities: whom to let pull is unknown")
    return str(found.object_id)
