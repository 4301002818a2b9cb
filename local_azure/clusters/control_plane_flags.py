"""The command lines of a control plane's programs."""

from __future__ import annotations

from pathlib import Path

from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord
from local_azure.clusters.spec import NODE_PREFIX_LENGTH

ETCD = "http://127.0.0.1:2379"
"""Inside the control plane's own network namespace, which only root can enter."""


def etcd(record: ClusterRecord) -> list[str]:
    """https://etcd.io/docs/v3.6/op-guide/configuration/

    Without fsync: what is written survives the death of every process, though not of the machine's power supply.
    """
    peer = "http://127.0.0.1:2380"
    return [
        "etcd",
        "--name=etcd",
        f"--data-dir={record.folder / 'etcd'}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=etcd={peer}",
        "--unsafe-no-fsync=true",
        f"--quota-backend-bytes={4 * 1024**3}",
        "--log-level=warn",
    ]


def apiserver(record: ClusterRecord, pki: Pki, folder: Path) -> list[str]:
    """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/

    Args:
        folder: where authentication.yaml and authorization.yaml are, for a cluster with Entra.
    """
    spec = record.spec
    entra = [
        f"--authentication-config={folder}/authentication.yaml",
        f"--authorization-config={folder}/authorization.yaml",
    ]
    return [
        "kube-apiserver",
        f"--etcd-servers={ETCD}",
        f"--bind-address={record.address}",
        f"--advertise-address={record.address}",
        "--secure-port=443",
        f"--service-cluster-ip-range={spec.services}",
        f"--tls-cert-file={pki.certificate('apiserver')}",
        f"--tls-private-key-file={pki.key('apiserver')}",
        f"--client-ca-file={pki.certificate('ca')}",
        f"--service-account-issuer={spec.issuer_url}",
        f"--service-account-jwks-uri={spec.issuer_url.rstrip('/')}/openid/v1/jwks",
        f"--service-account-key-file={pki.service_account_public_key}",
        f"--service-account-signing-key-file={pki.service_account_key}",
        f"--requestheader-client-ca-file={pki.certificate('front-proxy-ca')}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki.certificate('front-proxy')}",
        f"--proxy-client-key-file={pki.key('front-proxy')}",
        f"--kubelet-certificate-authority={pki.certificate('ca')}",
        f"--kubelet-client-certificate={pki.certificate('kubelet-client')}",
        f"--kubelet-client-key={pki.key('kubelet-client')}",
        "--kubelet-preferred-address-types=InternalIP",
        "--enable-admission-plugins=NodeRestriction",
        # There is no kube-proxy beside the API server: webhooks are reached at their pods, not at their service.
        "--enable-aggregator-routing=true",
        "--allow-privileged=true",
        "--profiling=false",
        *(entra if spec.entra else ["--authorization-mode=Node,RBAC"]),
    ]


def controller_manager(record: ClusterRecord, pki: Pki, kubeconfig: Path) -> list[str]:
    """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/"""
    spec = record.spec
    return [
        "kube-controller-manager",
        *_client(kubeconfig),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.certificate('ca')}",
        f"--cluster-signing-cert-file={pki.certificate('ca')}",
        f"--cluster-signing-key-file={pki.key('ca')}",
        # The default is a folder of the whole machine, which would be made.
        f"--flex-volume-plugin-dir={kubeconfig.parent}/volume-plugins",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={spec.pods}",
        f"--node-cidr-mask-size={NODE_PREFIX_LENGTH}",
        f"--service-cluster-ip-range={spec.services}",
        # No kubelet renews a lease there, and nodes are to stay ready.
        *(["--controllers=*,-node-lifecycle-controller"] if spec.crowd else []),
    ]


def scheduler(kubeconfig: Path) -> list[str]:
    """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/"""
    return ["kube-scheduler", *_client(kubeconfig)]


def _client(kubeconfig: Path) -> list[str]:
    """What the API server's own clients have in common."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        # The default of 20 requests a second makes the start of all controllers take four seconds longer.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]
