"""The controllers of the management cluster, each with what its settings (infra/controller_settings.py) give it.

Two replicas of each that elects a leader, or has no need to: the second takes over when the node of the first one goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra import naming
from infra.controller_settings import ControllerSettings
from management_cluster.sizes import SIZES, Share

PRIORITY: Final = "system-cluster-critical"
"""There in every cluster, and what Flux's own manifests have for its first two controllers.
https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/"""

POOL_LABEL: Final = "kubernetes.azure.com/agentpool"
"""AKS's own on every node: https://learn.microsoft.com/azure/aks/use-labels#reserved-system-labels"""

POOL: Final = naming.agent_pool("controllers")
FLUX: Final = "flux-system"

_PROVIDER: Final = "cluster.x-k8s.io/provider"
_COMPONENT: Final = "app.kubernetes.io/component"

BY_CLUSTERCTL: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "cert-manager": ("cert-manager", {"app.kubernetes.io/name": "cert-manager", _COMPONENT: "controller"}),
    "cert-manager-cainjector": ("cert-manager", {"app.kubernetes.io/name": "cainjector", _COMPONENT: "cainjector"}),
    "cert-manager-webhook": ("cert-manager", {"app.kubernetes.io/name": "webhook", _COMPONENT: "webhook"}),
    "capi-controller-manager": ("capi-system", {_PROVIDER: "cluster-api"}),
    "capi-kubeadm-bootstrap-controller-manager": (
        "capi-kubeadm-bootstrap-system",
        {_PROVIDER: "bootstrap-kubeadm"},
    ),
    "capi-kubeadm-control-plane-controller-manager": (
        "capi-kubeadm-control-plane-system",
        {_PROVIDER: "control-plane-kubeadm"},
    ),
    "capz-controller-manager": ("capz-system", {_PROVIDER: "infrastructure-azure"}),
    "azureserviceoperator-controller-manager": ("capz-system", {"app.kubernetes.io/name": "azure-service-operator"}),
}
"""What clusterctl installs: namespace and labels of the pods by Deployment. All but cert-manager's webhook, which needs
no leader, elect one: it is in their arguments upstream, or their default."""

BY_FLUX: Final = ("source-controller", "kustomize-controller", "helm-controller", "notification-controller")

SINGLE: Final = "source-controller"
"""It keeps artifacts on its own disk, and only the leader serves them: a second replica is never ready, by design, and
a rollout with one never ends. https://github.com/fluxcd/flux2/issues/5880"""

WITH_BUDGET: Final = "azureserviceoperator-controller-manager"
"""Its manifest has a budget that keeps half of its pods. With one replica no node under it could be drained, and with a
second budget for the same pods neither: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"""


@dataclass(frozen=True)
class Controller:
    """A Deployment and how it has to run."""

    name: str
    namespace: str
    pods: Mapping[str, str]
    replicas: int
    share: Share

    @property
    def budgeted(self) -> bool:
        """Whether it needs a PodDisruptionBudget of ours."""
        return self.replicas > 1 and self.name != WITH_BUDGET

    @property
    def arguments(self) -> list[str]:
        """Its arguments beside its own."""
        return [f"{key}={value}" for key, value in self.share.told.items() if key.startswith("--")]

    @property
    def flags(self) -> list[str]:
        """The arguments that it has of us with any number of clusters: `--name=`."""
        told = {key for share in SIZES[self.name].values() for key in share.told}
        return sorted(f"{key}=" for key in told if key.startswith("--"))

    @property
    def environment(self) -> list[dict[str, str]]:
        """Its environment variables beside its own."""
        return [{"name": key, "value": value} for key, value in self.share.told.items() if not key.startswith("--")]

    @property
    def resources(self) -> dict[str, dict[str, str]]:
        """Requests and limits, as Kubernetes writes them."""
        return {
            "requests": {"cpu": self.share.cpu, "memory": self.share.memory},
            "limits": {"memory": self.share.most_memory},
        }

    @property
    def spread(self) -> list[dict[str, Any]]:
        """Replicas go to different zones, and to different nodes; where there is one of these, they share it.

        https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
        """
        return [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(self.pods)},
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ]

    @property
    def wanted(self) -> dict[str, str]:
        """All of it by name, as `running_controllers.effect` finds it in a cluster."""
        share = self.share
        return {
            "replicas": str(self.replicas),
            "priority": PRIORITY,
            "pool": POOL,
            "cpu": share.cpu,
            "memory": share.memory,
            "mostMemory": share.most_memory,
            **share.told,
        }


def by_clusterctl(settings: ControllerSettings) -> list[Controller]:
    """The controllers that clusterctl installs."""
    return [_controller(settings, name, *where) for name, where in BY_CLUSTERCTL.items()]


def by_flux(settings: ControllerSettings) -> list[Controller]:
    """Flux's."""
    return [_controller(settings, name, FLUX, {"app": name}) for name in BY_FLUX]


def wanted(controllers: Sequence[Controller]) -> dict[str, dict[str, str]]:
    """What each has to have, by "namespace/name"."""
    return {f"{each.namespace}/{each.name}": each.wanted for each in controllers}


def _controller(settings: ControllerSettings, name: str, namespace: str, pods: Mapping[str, str]) -> Controller:
    replicas = settings.controller_replicas
    if name == SINGLE:
        replicas = 1
    if name == WITH_BUDGET:
        replicas = max(replicas, 2)
    return Controller(name, namespace, pods, replicas, SIZES[name][settings.fleet_size])
