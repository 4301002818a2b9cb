"""The configuration files of one node: container runtime, pod network, kubelet and kube-proxy."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import yaml

from local_azure.clusters.spec import ClusterSpec
from local_azure.instance import HOST, REGISTRY
from local_azure.machine import packages

SANDBOX_IMAGE = "registry.k8s.io/pause:3.10"
MAX_PODS = 110


def containerd(folder: Path, run_folder: Path) -> str:
    """containerd's settings (TOML), format 2, which versions 1.6 to 2.x read.

    https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md
    """
    return f"""version = 2
root = "{folder}/containerd"
state = "{run_folder}/containerd"
# `opt` would make /opt/containerd, the other snapshotters only probe the disk.
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{run_folder}/containerd.sock"

[debug]
  level = "warn"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}"
  # Root of a virtual machine or container may lack CAP_SYS_RESOURCE, and may then not lower the score.
  restrict_oom_score_adj = true
  # A profile would be loaded into the kernel of the whole machine.
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  # Programs that are not root may listen below 1024, as in containerd 2: CoreDNS does.
  enable_unprivileged_ports = true
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 6
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/registries"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{packages.cni_folder()}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{run_folder}/runc"
"""


def every_registry(ca: Path) -> str:
    """Every registry's name leads to the local one (TOML).

    https://github.com/containerd/containerd/blob/release/1.6/docs/hosts.md
    """
    return f"""server = "https://{REGISTRY}"
ca = "{ca}"

[host."https://{REGISTRY}"]
  capabilities = ["pull", "resolve"]
  ca = "{ca}"
"""


def pod_network(name: str, pods: IPv4Network, address_folder: Path) -> dict[str, Any]:
    """CNI: a veth pair per pod, routed by the node. https://www.cni.dev/plugins/current/main/ptp/"""
    addresses = {
        "type": "host-local",
        "dataDir": str(address_folder),
        "ranges": [[{"subnet": str(pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": name,
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def resolver() -> str:
    """The node's resolv.conf: Azure DNS."""
    return f"nameserver {HOST}\n"


def kubelet(
    spec: ClusterSpec,
    *,
    folder: Path,
    run_folder: Path,
    ca: Path,
    address: IPv4Address,
    cgroup: str,
    provider_id: str,
    taints: list[dict[str, str]],
) -> str:
    """https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""
    return _yaml(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": str(address),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(ca)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(folder / "kubelet.crt"),
            "tlsPrivateKeyFile": str(folder / "kubelet.key"),
            "providerID": provider_id,
            "registerWithTaints": taints,
            "clusterDomain": "cluster.local",
            "clusterDNS": [spec.dns_service_ip],
            "resolvConf": str(folder / "resolv.conf"),
            "containerRuntimeEndpoint": f"unix://{run_folder}/containerd.sock",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": cgroup,
            "failCgroupV1": False,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "maxPods": MAX_PODS,
            "podLogsDir": str(folder / "logs"),
            "volumePluginDir": str(folder / "volume-plugins"),
            "serializeImagePulls": False,
            "registryPullQPS": 0,
            # The disk belongs to the whole machine: how full others made it is no reason to evict.
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "50Mi"},
        }
    )


def kube_proxy(spec: ClusterSpec, *, kubeconfig: Path, node: str) -> str:
    """https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/"""
    return _yaml(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "clusterCIDR": str(spec.pods),
            "hostnameOverride": node,
            "oomScoreAdj": 0,
            # The limits of connection tracking are the whole machine's, so they are left alone.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
    )


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False)
