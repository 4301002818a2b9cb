"""Mistakes of people in a fleet repository, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fleet.rendering import REQUESTS

FIRST = (REQUESTS / "first" / "cluster.yaml").read_text()


KUSTOMIZATION = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: clusters}}
spec:
  interval: 10m
  prune: true
  path: ./apps
  sourceRef: {{kind: GitRepository, name: {source}, namespace: flux-system}}{more}
"""


@dataclass(frozen=True)
class Broken:
    """A mistake, and what is said of it.

    Attributes:
        says: how the message begins, from its line on.
        new: what is written instead of `old`; a whole file where that is empty.
        file: of a request of its own, or with its path in the repository.
    """

    says: str
    new: str
    old: str = ""
    file: str = "cluster.yaml"


WORKERS = "    workers:"

BROKEN = {
    "a-field-with-a-typo": Broken(
        "10:39: spec.topology.workers.machinePools[0].replica: there is no such field [schema]\n"
        "    Did you mean replicas?",
        old="replicas: 1",
        new="replica: 1",
    ),
    "text-for-a-number": Broken(
        "10:49: spec.topology.workers.machinePools[0].replicas: three:", old="replicas: 1", new="replicas: three"
    ),
    "a-kind-with-a-typo": Broken(
        "2:7: kind: Clustre: there is no such kind in cluster.x-k8s.io/v1beta2 [schema]\n    Write Cluster",
        old="kind: Cluster",
        new="kind: Clustre",
    ),
    "broken-yaml": Broken("11:1: did not find expected ',' or '}' [yaml]", old="replicas: 1}", new="replicas: 1"),
    "a-key-twice": Broken("6:3: the key kind is there twice [yaml]", old="spec:", new="  kind: a\n  kind: b\nspec:"),
    "another-class": Broken(
        "7:22: spec.topology.classRef.name: gke-v1: dev has no class gke-v1 [class]",
        old="{name: aks}",
        new="{name: gke}",
    ),
    "a-pool-of-another-class": Broken(
        "10:17: spec.topology.workers.machinePools[0].class: gpu: the class has no such pool in machinePools [class]\n"
        "    Write one of system, user",
        old="class: system",
        new="class: gpu",
    ),
    "an-unknown-variable": Broken(
        "8:24: spec.topology.variables[0].name: size: aks-v1 has no such variable [class]",
        old=WORKERS,
        new=f"    variables: [{{name: size, value: big}}]\n{WORKERS}",
    ),
    "a-value-that-the-class-refuses": Broken(
        '8:37: spec.topology.variables[0].value: Cheap: variable tier: "Cheap" is not one of "Free" or '
        '"Standard" [class]',
        old=WORKERS,
        new=f"    variables: [{{name: tier, value: Cheap}}]\n{WORKERS}",
    ),
    "fewer-nodes-at-most-than-at-least": Broken(
        "10:88: spec.topology.workers.machinePools[0].variables.overrides[0].value: variable autoscale: "
        "min is more than max [class]",
        old="name: system, replicas: 1",
        new="name: system, variables: {overrides: [{name: autoscale, value: {min: 3, max: 2}}]}",
    ),
    "networks-that-overlap": Broken(
        "8:44: spec.topology.variables[0].value: 10.244.0.0/20: overlaps with its podCidr, 10.244.0.0/16 [cidr]",
        old=WORKERS,
        new=f"    variables: [{{name: serviceCidr, value: 10.244.0.0/20}}]\n{WORKERS}",
    ),
    "a-name-that-is-taken": Broken(
        "4:9: metadata.name: first: environments/dev/clusters/a-name-that-is-taken/cluster.yaml has a cluster of this "
        "name already [unique-name]",
        file="environments/dev/clusters/first/cluster.yaml",
        new=FIRST,
    ),
    "an-environment-that-nobody-applies": Broken(
        "1:1: no wave has the clusters of environments/qa/clusters [reference]",
        file="environments/qa/clusters/a/cluster.yaml",
        new=FIRST.replace("first", "qa-one"),
    ),
    "a-variable-that-is-not-set": Broken(
        "5:19: ${owner}: is not set [rendering]", old="\nspec:", new="\n  labels: {team: '${owner}'}\nspec:"
    ),
    "a-resource-that-is-not-there": Broken(
        "1:13: resources[0]: clustre.yaml: does not exist [reference]",
        file="kustomization.yaml",
        old="cluster.yaml",
        new="clustre.yaml",
    ),
    "a-path-out-of-the-repository": Broken(
        "1:13: resources[0]: ../../../../../etc/passwd: leads out of the repository: write a path inside it, "
        "relative to this file [reference]",
        file="kustomization.yaml",
        old="cluster.yaml",
        new="../../../../../etc/passwd",
    ),
    "a-remote-base": Broken(
        "1:13: resources[0]: https://example.com/base?ref=v1: is fetched from elsewhere: nobody reviewed it here; "
        "copy it into the repository [reference]",
        file="kustomization.yaml",
        old="cluster.yaml",
        new="https://example.com/base?ref=v1",
    ),
    "text-that-is-not-utf-8": Broken("1:3: is not UTF-8 [file]", new="# \udcff\n"),
    "a-reconcile-policy-with-a-typo-in-a-class": Broken(
        "129:63: serviceoperator.azure.com/reconcile-policy: mange: Azure Service Operator would take this for manage, "
        "and delete in Azure what is deleted here [reconcile-policy]",
        file="classes/aks-v1.yaml",
        old="reconcile-policy: {{ if",
        new="reconcile-policy: mange {{ if",
    ),
    "an-object-that-a-policy-of-the-fleet-denies": Broken(
        '4:9: metadata.name: shop: serviceoperator.azure.com/reconcile-policy is "kepe", which Azure Service Operator '
        "would take for manage; write manage, skip or detach-on-delete [admission]",
        file="environments/dev/clusters/group.yaml",
        new="apiVersion: resources.azure.com/v1api20200601\nkind: ResourceGroup\nmetadata:\n  name: shop\n"
        "  namespace: clusters\n  annotations:\n    serviceoperator.azure.com/reconcile-policy: kepe\n"
        "spec: {location: northeurope}\n",
    ),
    "a-secret-in-clear": Broken(
        "5:21: stringData.token: a Secret's value in clear [secret]",
        file="environments/dev/clusters/token.yaml",
        new="apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: clusters}\n#\nstringData: {token: abc}\n",
    ),
    "an-environment-ahead-of-the-one-before": Broken(
        "10:23: data.kubernetes_version: v1.37.0: staging is ahead of dev, which has v1.36.3 [promotion]",
        file="environments/staging/release.yaml",
        old="v1.36.3",
        new="v1.37.0",
    ),
    "a-version-that-is-none": Broken(
        "10:23: data.kubernetes_version: 1.36: is no version [kubernetes-version]",
        file="environments/production/release.yaml",
        old="v1.36.3",
        new='"1.36"',
    ),
    "a-source-that-nobody-makes": Broken(
        "8:42: spec.sourceRef.name: shop: there is no GitRepository of this name [reference]",
        file="environments/dev/clusters/source.yaml",
        new=KUSTOMIZATION.format(name="shop-apps", source="shop", more=""),
    ),
    "waiting-for-what-never-comes": Broken(
        "9:22: spec.dependsOn[0].name: nobody: there is no Kustomization of this name in clusters: Flux would wait for "
        "ever [reference]",
        file="environments/dev/clusters/wait.yaml",
        new=KUSTOMIZATION.format(name="waiting", source="fleet", more="\n  dependsOn: [{name: nobody}]"),
    ),
    "waiting-in-a-circle": Broken(
        "9:14: spec.dependsOn: circle waits for circle: none of them is ever applied [reference]",
        file="environments/dev/clusters/circle.yaml",
        new=KUSTOMIZATION.format(name="circle", source="fleet", more="\n  dependsOn: [{name: circle}]"),
    ),
    "a-later-pool-newer-than-its-cluster": Broken(
        "14:24: spec.orchestratorVersion: 1.37.0: its cluster has 1.36.3: nodes are no newer, and at most 2 minor "
        "versions older [kubernetes-version]",
        file="environments/dev/clusters/later.yaml",
        new="apiVersion: containerservice.azure.com/v1api20240901\nkind: ManagedCluster\nmetadata: {name: later}\n"
        "spec:\n  kubernetesVersion: 1.36.3\n  agentPoolProfiles:\n  - {name: system, mode: System, count: 1}\n---\n"
        "apiVersion: containerservice.azure.com/v1api20240901\nkind: ManagedClustersAgentPool\n"
        "metadata: {name: later-apps}\nspec:\n  owner: {name: later}\n  orchestratorVersion: 1.37.0\n",
    ),
    "nodes-newer-than-their-cluster": Broken(
        "7:65: spec.agentPoolProfiles[0].orchestratorVersion: 1.37.0: its cluster has 1.36.3: nodes are no newer, and "
        "at most 2 minor versions older [kubernetes-version]",
        file="environments/dev/clusters/skew.yaml",
        new="apiVersion: containerservice.azure.com/v1api20240901\nkind: ManagedCluster\nmetadata: {name: skew}\n"
        "spec:\n  kubernetesVersion: 1.36.3\n  agentPoolProfiles:\n"
        "  - {name: system, mode: System, count: 1, orchestratorVersion: 1.37.0}\n",
    ),
}
