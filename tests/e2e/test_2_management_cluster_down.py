"""An agent needs the management cluster for nothing: it goes on following Git while that is down."""

from __future__ import annotations

from pathlib import Path

from local_azure.clusters import Clusters
from local_azure.toolchain import ensure
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

NOTE = "workloads/dev/note.yaml"


def test_the_agent_goes_on_while_the_management_cluster_is_down(local: Local) -> None:
    clusters = Clusters(ensure().bin)
    management = local.run("pulumi", "stack", "output", "management_cluster").strip()
    spec = next(each for each in clusters.list() if each.name == management)
    clusters.stop(spec.resource_id)
    try:
        assert local.get(MANAGEMENT, "namespaces") is None
        local.commit("Add a note to dev", _add_note)
        local.reconcile(FIRST, "source", "git", "fleet")
        eventually(
            lambda: local.get(FIRST, "configmap", "note", "-n", "platform") is not None, 90, "the note on the cluster"
        )
    finally:
        clusters.resume()
    eventually(lambda: local.get(MANAGEMENT, "namespaces") is not None, 60, "the management cluster's API server")
    eventually(local.reconciles, 300, "webhooks and policies that answer again")


def _add_note(fleet: Path) -> None:
    (fleet / NOTE).write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note, namespace: platform}\ndata: {written: while down}\n"
    )
    overlay = fleet / "workloads/dev/kustomization.yaml"
    text = overlay.read_text()
    overlay.write_text(text.replace("resources:", "resources:\n- note.yaml", 1))
