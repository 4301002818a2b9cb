"""The management cluster of the local Azure, as somebody with the power to break it has it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from azure.core.credentials import AccessToken
from azure.identity import ClientAssertionCredential

from infra.identity import AUDIENCE
from local_azure.__main__ import write_kubeconfig
from local_azure.clusters import Clusters, records
from local_azure.clusters.control_plane_flags import ETCD
from local_azure.clusters.records import ClusterRecord
from local_azure.errors import LocalAzureError
from local_azure.instance import OPERATOR_CLIENT_ID, TENANT_ID
from local_azure.machine import network, processes
from local_azure.toolchain import ensure
from tests.e2e.local import MANAGEMENT, Local, eventually

OLD = "the-old-one"


class Management:
    """Its processes, its data, and its place in Azure."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.name = local.run("pulumi", "stack", "output", "management_cluster").strip()
        self.group = local.run("pulumi", "stack", "output", "resource_group").strip()
        self.clusters = Clusters(ensure().bin)

    @property
    def record(self) -> ClusterRecord:
        """What is written down of it."""
        return next(each for each in records.load_all().values() if each.spec.name == self.name)

    def uid(self) -> str:
        """The usual identity of a Kubernetes cluster: that of its namespace kube-system."""
        return str(self.local.get(MANAGEMENT, "namespace", "kube-system")["metadata"]["uid"])

    def wipe(self) -> None:
        """Lose everything etcd had; nodes and certificates stay."""
        key = self.record.spec.resource_id
        self.clusters.stop(key)
        shutil.rmtree(self.record.folder / "etcd")
        self.clusters.resume()

    def kill(self, *programs: str) -> None:
        """kill -9 to programs of its control plane, then start them again as Azure would."""
        for program in programs:
            processes.stop(f"cluster-{self.record.index}-{program}", grace=0)
        eventually(self.resumed, 60, "its control plane, once the killed one has let go of its port")

    def resumed(self) -> bool:
        """Start what does not run; False while something of it does not come up yet."""
        try:
            self.clusters.resume()
        except LocalAzureError:
            return False
        return True

    def disk(self, *, full: bool) -> None:
        """Let its etcd be as it is on a full disk: it takes no more writes until there is room and the alarm is off.

        https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota
        """
        inside = [
            "nsenter",
            f"--net=/run/netns/{network.control_plane(self.record.index)}",
            "curl",
            "--fail",
            "--silent",
        ]
        status = json.loads(self.local.run(*inside, f"{ETCD}/v3/maintenance/status", "-d", "{}"))
        action = "ACTIVATE" if full else "DEACTIVATE"
        alarm = {"action": action, "memberID": status["header"]["member_id"], "alarm": "NOSPACE"}
        self.local.run(*inside, f"{ETCD}/v3/maintenance/alarm", "-d", json.dumps(alarm))

    def token_of_azure_service_operator(self) -> AccessToken:
        """What its Azure Service Operator signs in with, got in the same way."""
        account = ("azureserviceoperator-default", "-n", "capz-system", "--audience", AUDIENCE)
        signed = self.local.run("kubectl", "--context", MANAGEMENT, "create", "token", *account).strip()
        info = self.local.get(MANAGEMENT, "configmap", "runtime-info", "-n", "flux-system")["data"]
        credential = ClientAssertionCredential(
            TENANT_ID, info["aso_client_id"], lambda: signed, **self.local.how_to_sign_in
        )
        return credential.get_token("https://management.azure.com/.default")

    def delete_in_portal(self) -> None:
        """Straight through ARM, past Pulumi."""
        self.local.azure().managed_clusters.begin_delete(self.group, self.name).result()

    def renew_kubeconfig(self) -> None:
        """Contexts for the clusters there are now."""
        write_kubeconfig(self.clusters, self.name)

    @contextmanager
    def put_aside(self) -> Iterator[ClusterRecord]:
        """Keep its machines from being removed with it in Azure, stopped: the old one that may come back."""
        record = self.record
        self.clusters.stop(record.spec.resource_id)
        spec = replace(record.spec, name=OLD, resource_id=f"{record.spec.resource_id}-{OLD}")
        old = replace(record, spec=spec)
        records.save(old)
        try:
            yield old
        finally:
            self.clusters.delete(spec.resource_id)


def changed(local: Local, since: float) -> list[str]:
    """What controllers deleted in Azure since a time, or wrote there differently from what was written last before.

    Azure Service Operator repeats what it wrote whenever it compares with Azure.
    """
    before = _bodies(each for each in local.requests(method="PUT") if each["time"] < since)
    ours = [each for each in local.requests(since) if each["client_id"] != OPERATOR_CLIENT_ID]
    written = _bodies(each for each in ours if each["method"] == "PUT")
    deleted = [f"DELETE {each['path']}" for each in ours if each["method"] == "DELETE"]
    return deleted + [f"PUT {path}: {body}" for path, body in written.items() if before.get(path) != body]


def _bodies(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """By path in lower case, the last one wins."""
    return {each["path"].lower(): each["body"] for each in requests}
