"""What a hostile team would commit, and what refuses it."""

from __future__ import annotations

import yaml

from tests.e2e.local import CHECKOUT, FIRST
from tests.e2e.team import NAMESPACE, OWN_HYDRATION, Object

BLUE = "shop-dev-blue"
REQUEST = (CHECKOUT / "tests/fleet/requests/first/cluster.yaml").read_text().replace("name: first", f"name: {BLUE}")
LIMIT = "the limit of team shop in dev is"


def document(kind: str, name: str, api: str = "v1", **more: object) -> str:
    """A file of one object."""
    metadata: Object = {"name": name, **more.pop("metadata", {})}  # type: ignore[dict-item]
    return yaml.safe_dump({"apiVersion": api, "kind": kind, "metadata": metadata, **more})


def to_be_administrator(namespace: str) -> str:
    """A binding that would give a team's service account all rights."""
    return document(
        "ClusterRoleBinding",
        "shop-rules",
        "rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        subjects=[{"kind": "ServiceAccount", "name": "team", "namespace": namespace}],
    )


def _beyond(old: str, new: str) -> str:
    text = REQUEST.replace(BLUE, "shop-dev-bad")
    assert old in text
    return text.replace(old, new)


FLUX = "kustomize.toolkit.fluxcd.io/v1"
APPROVAL = '{slipway.dev/deletion-approved-by: us, slipway.dev/deletion-approved-until: "2099-01-01T00:00:00Z"}'
FORBIDDEN = 'User "system:serviceaccount:shop-dev:team" cannot'
WHOLE_CLASS = (
    "{name: aks-v1, namespace: clusters}\n    version: ${kubernetes_version}\n"
    "    variables: [{name: location, value: westeurope}]"
)

HOSTILE = {
    "a namespace": ({"bad.yaml": document("Namespace", "mine")}, FORBIDDEN),
    "all rights": ({"bad.yaml": to_be_administrator(NAMESPACE)}, FORBIDDEN),
    "other limits": ({"bad.yaml": document("ConfigMap", "limits", data={"clusters": "99"})}, FORBIDDEN),
    "something in clusters": (
        {"bad.yaml": document("ConfigMap", "bad", metadata={"namespace": "clusters"}, data={})},
        f'{FORBIDDEN} patch resource "configmaps" in API group "" in the namespace "shop-dev"',
    ),
    "no policy": (
        {
            "bad.yaml": document(
                "ValidatingAdmissionPolicyBinding", "tenant-clusters", "admissionregistration.k8s.io/v1"
            )
        },
        FORBIDDEN,
    ),
    "a kubeconfig of its own": ({"bad.yaml": document("Secret", "shop-dev-bad-kubeconfig")}, FORBIDDEN),
    "the platform's Secret": (
        {
            "bad.yaml": document(
                "Kustomization",
                "reader",
                FLUX,
                spec={
                    "interval": "1m",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "team"},
                    "postBuild": {"substituteFrom": [{"kind": "Secret", "name": "fleet-git-values"}]},
                },
            )
        },
        "is not the agent, sync or shop of a cluster",
    ),
    "an agent from its own source": (
        {
            "bad.yaml": document(
                "Kustomization",
                "shop-dev-bad-agent",
                FLUX,
                spec={
                    "interval": "1m",
                    "prune": True,
                    "sourceRef": {"kind": "GitRepository", "name": "team"},
                    "kubeConfig": {"secretRef": {"name": "shop-dev-bad-kubeconfig"}},
                },
            )
        },
        "is not what hydration makes of a cluster",
    ),
    # Upstream's image has git, which the one here has not: it is the flag that refuses there.
    "a remote base": (
        {"kustomization.yaml": "resources: [https://github.com/fluxcd/flux2]\n"},
        "kustomize build failed",
    ),
    "a file of the controller": (
        {"kustomization.yaml": "configMapGenerator: [{name: bad, files: [/etc/passwd]}]\n"},
        "kustomize build failed",
    ),
    "another size": (
        {
            "cluster.yaml": _beyond(
                "classRef: {name: aks}", "classRef: {name: aks}\n    variables: [{name: vmSize, value: Standard_M128s}]"
            ),
            "kustomization.yaml": OWN_HYDRATION,
        },
        f"size Standard_M128s; {LIMIT} Standard_D2s_v5, Standard_D4s_v5",
    ),
    "another region": (
        {
            "cluster.yaml": _beyond("name: shop-dev-bad\n", "name: shop-dev-bad\n  labels: {region: brazilsouth}\n"),
            "kustomization.yaml": OWN_HYDRATION,
        },
        f"region brazilsouth; {LIMIT} northeurope, westeurope",
    ),
    "more clusters": (
        {"cluster.yaml": REQUEST.replace(BLUE, "shop-dev-bad"), "kustomization.yaml": OWN_HYDRATION},
        "exceeded quota: clusters",
    ),
    "somebody else's name": (
        {"cluster.yaml": _beyond("shop-dev-bad", FIRST).replace("{name: aks}", WHOLE_CLASS)},  # else it names the agent
        f"Cluster {FIRST}: the name of a cluster in shop-dev begins with shop-dev-",
    ),
    "a deletion": (
        {
            "cluster.yaml": _beyond("name: shop-dev-bad\n", f"name: shop-dev-bad\n  annotations: {APPROVAL}\n"),
            "kustomization.yaml": OWN_HYDRATION,
        },
        "may not approve the deletion of Cluster shop-dev-bad",
    ),
}


def kustomization(name: str, **spec: object) -> str:
    """A Kustomization of the team's own, of what would make it the cluster's administrator."""
    whole = {"interval": "1m", "prune": True, "path": "./escalation", "sourceRef": OWN_SOURCE, **spec}
    return document("Kustomization", name, FLUX, spec=whole)


OWN_SOURCE = {"kind": "GitRepository", "name": "applications"}
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "there",
    "contexts": [{"name": "there", "context": {"cluster": "there", "user": "controller"}}],
    "clusters": [
        {"name": "there", "cluster": {"server": "https://kubernetes.default", "insecure-skip-tls-verify": True}}
    ],
    "users": [
        {"name": "controller", "user": {"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}},
        {"name": "program", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh"}}},
    ],
}
THERE = {
    "without-an-account": (kustomization("without-an-account"), 'User "system:serviceaccount:shop:default" cannot'),
    "the-controllers": (
        kustomization("the-controllers", serviceAccountName="kustomize-controller"),
        'User "system:serviceaccount:shop:kustomize-controller" cannot',
    ),
    "the-fleets-source": (
        kustomization(
            "the-fleets-source", sourceRef={"kind": "GitRepository", "name": "fleet", "namespace": "flux-system"}
        ),
        "cross-namespace references",
    ),
    "a-file-as-token": (kustomization("a-file-as-token", kubeConfig={"secretRef": {"name": "there"}}), ""),
}
