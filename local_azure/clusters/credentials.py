"""The kubeconfigs that Azure hands out for a cluster, with the names AKS gives their entries."""

from __future__ import annotations

from local_azure.clusters import kubeconfig
from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord


def admin(record: ClusterRecord) -> str:
    """The administrator's (YAML): a client certificate of a group that may do everything."""
    pki, spec = Pki(record), record.spec
    return kubeconfig.with_certificate(
        record.server,
        pki.authority.pem.certificate,
        pki.load("admin"),
        cluster=spec.name,
        user=f"clusterAdmin_{spec.resource_group}_{spec.name}",
        context=f"{spec.name}-admin",
    )


def user(record: ClusterRecord) -> str:
    """The users' (YAML): with Entra by kubelogin, else with the administrator's certificate, as AKS does."""
    pki, spec = Pki(record), record.spec
    ca = pki.authority.pem.certificate
    names = {
        "cluster": spec.name,
        "user": f"clusterUser_{spec.resource_group}_{spec.name}",
        "context": spec.name,
    }
    if spec.entra:
        return kubeconfig.with_kubelogin(record.server, ca, spec.tenant_id, **names)
    return kubeconfig.with_certificate(record.server, ca, pki.load("admin"), **names)
