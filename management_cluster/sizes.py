"""What each controller gets and is told, by the number of clusters: the one place for these numbers.

`Share.source` says where numbers are from: *upstream's*, which is a default or an advice of the project; *Metal3's*,
who ran Cluster API with 1000 clusters; *reckoned* here. *Measured* is by `make bench-fleet` on the local Azure: with 11
clusters the working set, from before to after; while 100 were made the resident memory, up to 89 of them, where it was
broken off. docs/how-to/size-and-availability.md says more. With 1000 clusters nothing was measured here.

Every flag and variable is of the releases in versions.py; a release that drops one would not start, which
`pulumi up` reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from infra.controller_settings import FleetSize


@dataclass(frozen=True)
class Share:
    """What one replica has.

    Attributes:
        cpu: asked for. There is no limit: a leader that is throttled cannot renew its lease, and is replaced.
        memory: asked for.
        most_memory: with more it is stopped.
        source: where that and `told` are from.
        told: its arguments (`--…`) and environment variables.
    """

    cpu: str
    memory: str
    most_memory: str
    source: str
    told: Mapping[str, str] = field(default_factory=dict)


CLIENT: Final = {"--kube-api-qps": "100", "--kube-api-burst": "200"}
"""Upstream's, after its own scale tests the default from Cluster API 1.13 on; 1.12 has 20 and 30.
https://github.com/kubernetes-sigs/cluster-api/pull/13317"""

LARGE_CLIENT: Final = {"--kube-api-qps": "200", "--kube-api-burst": "300"}
"""Metal3's: https://github.com/Nordix/metal3-clusterapi-docs/pull/85"""


def _each(*kinds: str, workers: int) -> dict[str, str]:
    """Workers by kind. Upstream's 10 "works well in most cases" says Metal3, who took 100 for 1000 clusters.

    https://metal3.io/blog/2024/05/30/Scaling_part_3.html
    """
    return {f"--{kind}-concurrency": str(workers) for kind in kinds}


def _operator(*, workers: int, memory: str) -> dict[str, str]:
    """Of Azure Service Operator: https://azure.github.io/azure-service-operator/guide/aso-controller-settings-options/"""
    return {"MAX_CONCURRENT_RECONCILES": str(workers), "GOMEMLIMIT": memory}


_CORE: Final = ("cluster", "clustertopology", "machine", "machinedeployment", "machinepool", "machineset")
_SMALL: Final = Share("20m", "64Mi", "256Mi", "measured with 11 clusters: 25 MiB; grows with webhooks")
_INJECTOR: Final = Share("20m", "256Mi", "512Mi", "measured with 1 to 11 clusters: 209 MiB; grows with definitions")

SIZES: Final[Mapping[str, Mapping[FleetSize, Share]]] = {
    # https://github.com/kubernetes-sigs/cluster-api/blob/v1.12.8/main.go
    "capi-controller-manager": {
        10: Share("100m", "128Mi", "512Mi", "measured with 11 clusters: 65 MiB, 0.13 cores"),
        100: Share("200m", "256Mi", "1Gi", "told: upstream's; measured while 100 were made: 205 MiB", CLIENT),
        1000: Share(
            "1",
            "1536Mi",
            "4Gi",
            "told: Metal3's; memory reckoned from 1.2 MiB a cluster up to 100",
            {**LARGE_CLIENT, **_each(*_CORE, workers=100)},
        ),
    },
    # Has next to nothing to do for AKS. .../bootstrap/kubeadm/main.go
    "capi-kubeadm-bootstrap-controller-manager": {
        10: Share("50m", "96Mi", "256Mi", "measured with 11 clusters: 33 MiB, 0.04 cores"),
        100: Share("100m", "128Mi", "512Mi", "told: upstream's; measured while 100 were made: 114 MiB", CLIENT),
        1000: Share(
            "200m",
            "512Mi",
            "2Gi",
            "told: Metal3's; else reckoned",
            {**LARGE_CLIENT, **_each("cluster", "kubeadmconfig", workers=100)},
        ),
    },
    # Likewise. .../controlplane/kubeadm/main.go
    "capi-kubeadm-control-plane-controller-manager": {
        10: Share("50m", "96Mi", "256Mi", "measured with 11 clusters: 33 MiB, 0.04 cores"),
        100: Share("100m", "128Mi", "512Mi", "told: upstream's; measured while 100 were made: 114 MiB", CLIENT),
        1000: Share(
            "200m",
            "512Mi",
            "2Gi",
            "told: Metal3's; else reckoned",
            {**LARGE_CLIENT, **_each("kubeadmcontrolplane", workers=100)},
        ),
    },
    # Workers of AzureCluster are also those of the AKS kinds. Its client has no flag and stays at 20 requests a second,
    # so 100 workers would wait. https://github.com/kubernetes-sigs/cluster-api-provider-azure/blob/v1.23.1/main.go
    "capz-controller-manager": {
        10: Share("100m", "128Mi", "512Mi", "measured with 11 clusters: 46 MiB, 0.06 cores"),
        100: Share("200m", "256Mi", "1Gi", "measured while 100 were made: 199 MiB"),
        1000: Share(
            "500m",
            "1536Mi",
            "4Gi",
            "reckoned, memory from 1.2 MiB a cluster up to 100",
            _each("azurecluster", "azuremachine", "azuremachinepool", workers=50),
        ),
    },
    # Workers by kind, upstream's 1. One waits for Azure a second or two per request, and all must be through within
    # slipway:driftPeriod; Azure lets a subscription write 10 times a second in the long run.
    # https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
    # GOMEMLIMIT is 80 % of the most, as upstream has it.
    "azureserviceoperator-controller-manager": {
        10: Share("200m", "256Mi", "512Mi", "upstream's; workers reckoned", _operator(workers=4, memory="400MiB")),
        100: Share(
            "200m",
            "512Mi",
            "1Gi",
            "measured while 100 were made: 195 MiB; workers reckoned",
            _operator(workers=10, memory="820MiB"),
        ),
        1000: Share("1", "1Gi", "4Gi", "reckoned", _operator(workers=20, memory="3276MiB")),
    },
    "cert-manager": {10: _SMALL, 100: _SMALL, 1000: _SMALL},
    # It keeps all Secrets in memory, so also each cluster's kubeconfig.
    "cert-manager-cainjector": {
        10: _INJECTOR,
        100: _INJECTOR,
        1000: Share("50m", "256Mi", "1Gi", "reckoned"),
    },
    "cert-manager-webhook": {10: _SMALL, 100: _SMALL, 1000: _SMALL},
    # Flux: upstream's defaults, for hundreds of applications upstream's advice. Upstream measured 112 MiB with 1000
    # Kustomizations. https://fluxcd.io/flux/installation/configuration/vertical-scaling/
    # https://fluxcd.io/blog/2023/12/flux-v2.2.0/#benchmark-results
    "source-controller": {
        10: Share("50m", "64Mi", "1Gi", "upstream's"),
        100: Share("100m", "128Mi", "2Gi", "upstream's; requests reckoned", {"--concurrent": "10"}),
        1000: Share("200m", "256Mi", "4Gi", "told: upstream's; else reckoned", {"--concurrent": "10"}),
    },
    # A Kustomization of a cluster holds a worker while it waits for it, so as many as are made at once.
    "kustomize-controller": {
        10: Share(
            "100m",
            "128Mi",
            "1Gi",
            "at most: upstream's; measured with 11 clusters: 135 MiB, 0.28 cores; workers reckoned",
            {"--concurrent": "20"},
        ),
        100: Share(
            "200m",
            "256Mi",
            "2Gi",
            "at most: upstream's; measured while 100 were made: 229 MiB; workers reckoned",
            {"--concurrent": "50"},
        ),
        1000: Share(
            "1",
            "512Mi",
            "4Gi",
            "reckoned",
            {"--concurrent": "100", "--kube-api-qps": "200", "--kube-api-burst": "400"},
        ),
    },
    "helm-controller": {
        10: Share("100m", "64Mi", "1Gi", "upstream's"),
        100: Share("100m", "64Mi", "2Gi", "upstream's", {"--concurrent": "10"}),
        1000: Share("100m", "128Mi", "2Gi", "upstream's; request reckoned", {"--concurrent": "10"}),
    },
    "notification-controller": {
        10: Share("100m", "64Mi", "1Gi", "upstream's"),
        100: Share("100m", "64Mi", "1Gi", "upstream's"),
        1000: Share("100m", "128Mi", "1Gi", "reckoned", {"--concurrent": "10"}),
    },
}
"""By Deployment, then by the number of clusters."""
