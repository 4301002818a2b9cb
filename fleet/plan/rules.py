"""What Azure does with a changed property, each rule with its source; what no rule is about changes in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.plan.azure import AGENT_POOL, MACHINES, MANAGED_CLUSTER

_LEARN: Final = "https://learn.microsoft.com/azure/aks"
_POOLS: Final = f"{_LEARN}/manage-node-pools#limitations"
_CAPZ: Final = "https://github.com/kubernetes-sigs/cluster-api-provider-azure/blob/v1.23.1/internal/webhooks"
_POOL_WEBHOOK: Final = f"{_CAPZ}/azuremanagedmachinepool_webhook.go"
_CLUSTER_WEBHOOK: Final = f"{_CAPZ}/azuremanagedcontrolplane_webhook.go"


class Effect(StrEnum):
    """How hard a change is, mildest first."""

    IN_PLACE = "in place"
    ROLLING = "rolling"
    DISRUPTIVE = "disruptive"
    REFUSED = "refused"


@dataclass(frozen=True)
class Rule:
    """What happens to a property that changes, and where that is written."""

    effect: Effect
    why: str
    source: str


_ANOTHER_POOL: Final = "add another pool, move the workloads there, then remove this one"
_ANOTHER_CLUSTER: Final = "create another cluster, and move the workloads there"


def _refused(names: str, why: str, source: str) -> dict[str, Rule]:
    return {name: Rule(Effect.REFUSED, why, source) for name in names.split()}


_CLUSTER: Final = {
    **_refused("location", _ANOTHER_CLUSTER, _CLUSTER_WEBHOOK),
    **_refused("dnsPrefix fqdnSubdomain nodeResourceGroup", _ANOTHER_CLUSTER, _CLUSTER_WEBHOOK),
    **_refused("networkProfile.podCidr", _ANOTHER_CLUSTER, f"{_LEARN}/azure-cni-overlay"),
    **_refused(
        "networkProfile.serviceCidr networkProfile.dnsServiceIP", _ANOTHER_CLUSTER, f"{_LEARN}/configure-azure-cni"
    ),
    **_refused("networkProfile.loadBalancerSku", _ANOTHER_CLUSTER, f"{_LEARN}/load-balancer-standard"),
    **_refused("enableRBAC", _ANOTHER_CLUSTER, f"{_LEARN}/manage-azure-rbac"),
    **_refused("apiServerAccessProfile.enablePrivateCluster", _ANOTHER_CLUSTER, f"{_LEARN}/private-clusters"),
    "networkProfile.networkPlugin": Rule(
        Effect.REFUSED,
        "migrate the network as Azure describes it, outside of Git, then say here what it became",
        f"{_LEARN}/upgrade-azure-cni",
    ),
    "kubernetesVersion": Rule(
        Effect.ROLLING, "control plane first, then every node is replaced, one by one", f"{_LEARN}/upgrade-aks-cluster"
    ),
    "networkProfile.networkDataplane": Rule(Effect.ROLLING, "every node is imaged anew", f"{_LEARN}/upgrade-azure-cni"),
}
_POOL: Final = {
    **_refused("vmSize", _ANOTHER_POOL, _POOLS),
    **_refused("availabilityZones", _ANOTHER_POOL, f"{_LEARN}/availability-zones"),
    **_refused("osDiskSizeGB osDiskType maxPods osType type vnetSubnetReference.armId", _ANOTHER_POOL, _POOL_WEBHOOK),
    **_refused("enableFIPS enableEncryptionAtHost enableUltraSSD kubeletDiskType", _ANOTHER_POOL, _POOL_WEBHOOK),
    **_refused("enableNodePublicIP scaleSetPriority", _ANOTHER_POOL, _POOL_WEBHOOK),
    "orchestratorVersion": Rule(Effect.ROLLING, "every node is replaced, one by one", f"{_LEARN}/upgrade-aks-cluster"),
    "osSKU": Rule(Effect.ROLLING, "every node is imaged anew", f"{_LEARN}/upgrade-os-version"),
}
_OF_MACHINES: Final = "https://cluster-api.sigs.k8s.io/tasks/updating-machine-templates"
_RULES: Final[Mapping[str, Mapping[str, Rule]]] = {
    "ResourceGroup": _refused(
        "location", _ANOTHER_CLUSTER, "https://learn.microsoft.com/azure/azure-resource-manager/management/move-region"
    ),
    MANAGED_CLUSTER: _CLUSTER,
    AGENT_POOL: _POOL,
    "AzureCluster": _refused("location resourceGroup", _ANOTHER_CLUSTER, f"{_CAPZ}/azurecluster_webhook.go"),
}
_IN_PLACE: Final = Rule(Effect.IN_PLACE, "", "")


def of(kind: str, name: str) -> Rule:
    """The rule for a property of a kind of resource; `name` is its dotted path."""
    if kind == MACHINES and name not in ("count", "mode"):
        return Rule(Effect.ROLLING, "machines are replaced, one by one", _OF_MACHINES)
    found = _RULES.get(kind, {})
    return found.get(name, _IN_PLACE)
