"""CoreDNS inside a cluster, as the add-on every AKS cluster has: service kube-dns in kube-system.

https://github.com/kubernetes/dns/blob/master/docs/specification.md
"""

from __future__ import annotations

from typing import Any

from local_azure.clusters.api import Api

IMAGE = "registry.k8s.io/coredns/coredns:v1.15.0"
NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}

# It also answers for the pods' names of StatefulSets and for reverse lookups; everything else goes to Azure DNS, whose
# answers may change at any time, hence the short cache: https://coredns.io/plugins/
_COREFILE = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    forward . /etc/resolv.conf
    cache 5
    loop
    reload
    loadbalance
}
"""


def apply(api: Api, service_ip: str) -> None:
    """Create or update the add-on; its pod waits for the first node."""
    for path, document in manifests(service_ip):
        api.apply(path, document)


def manifests(service_ip: str) -> list[tuple[str, dict[str, Any]]]:
    """Its objects, each with its path in the API."""
    core = f"/api/v1/namespaces/{NAMESPACE}"
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    return [
        (f"{core}/serviceaccounts/coredns", _object("v1", "ServiceAccount", "coredns")),
        (f"{rbac}/clusterroles/system:coredns", _cluster_role()),
        (f"{rbac}/clusterrolebindings/system:coredns", _cluster_role_binding()),
        (f"{core}/configmaps/coredns", _object("v1", "ConfigMap", "coredns", data={"Corefile": _COREFILE})),
        (f"{core}/services/kube-dns", _object("v1", "Service", "kube-dns", spec=_service(service_ip))),
        (
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/coredns",
            _object("apps/v1", "Deployment", "coredns", spec=_deployment()),
        ),
    ]


def _object(version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _cluster_role() -> dict[str, Any]:
    watch = ["list", "watch"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns", "labels": LABELS},
        "rules": [
            {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": watch},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
        ],
    }


def _cluster_role_binding() -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "system:coredns", "labels": LABELS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}],
    }


def _service(address: str) -> dict[str, Any]:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
    ]
    return {"clusterIP": address, "selector": LABELS, "ports": ports}


def _deployment() -> dict[str, Any]:
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        # What its own server cannot resolve goes to the node's resolver, not to itself.
        "dnsPolicy": "Default",
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "containers": [_container()],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
    }


def _container() -> dict[str, Any]:
    return {
        "name": "coredns",
        "image": IMAGE,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "env": [{"name": "GOGC", "value": "40"}],
        "resources": {"requests": {"cpu": "20m", "memory": "40Mi"}, "limits": {"memory": "170Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 2},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "initialDelaySeconds": 30},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
