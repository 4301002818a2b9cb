"""Predictions come true: what `python -m fleet plan` says of a change is what Azure is asked, and nothing else."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fleet.plan.azure import flat
from local_azure import first_cluster
from local_azure.command import CommandFailed
from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e import merges
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

THIRD = "third"
POOL = "- {class: user, name: apps, replicas: 1}"
APPROVED_POOL = POOL.replace(
    ", replicas", ", metadata: {annotations: {slipway.dev/deletion-approved-by: jane}}, replicas"
)
QUIET = 20.0
"""Seconds without an unpredicted write, after the last predicted one."""


def test_a_scaling_a_pool_and_a_cluster_come_as_planned_and_go_as_planned(local: Local) -> None:
    grown = merge(local, "Grow", _grow)
    assert {each["name"]: (each["change"], each["nodes"]) for each in grown["clusters"]} == {
        FIRST: ("changed", 2),
        THIRD: ("created", 1),
    }
    eventually(lambda: _available(local), 300, f"the cluster {THIRD}")

    approved = merge(local, "Scale down, and approve what is removed next", _shrink)
    assert {each["name"]: each["change"] for each in approved["clusters"]} == {
        FIRST: "changed",
        THIRD: "approved for deletion",
    }
    eventually(lambda: "prune" not in str(_cluster(local)["metadata"]["annotations"]), 60, "the approval")

    gone = merge(local, f"Remove {THIRD} and a pool", _remove)
    assert {each["name"]: each["change"] for each in gone["clusters"]} == {FIRST: "changed", THIRD: "deleted"}
    eventually(lambda: _cluster(local) is None, 300, f"the end of {THIRD}")


def test_the_management_cluster_says_what_it_would_refuse_and_what_was_changed_by_hand(local: Local) -> None:
    kubectl = ("kubectl", "--context", MANAGEMENT, "-n", "clusters")
    local.run("flux", "--context", MANAGEMENT, "suspend", "kustomization", "dev")
    try:
        local.run(*kubectl, "label", "cluster", FIRST, "environment=by-hand", "--overwrite")
        local.run(*kubectl, "annotate", "cluster", FIRST, "example.com/note=hello")
        with branch(local, "Ask for what is refused", _refused) as clone, pytest.raises(CommandFailed) as failed:
            plan(local, clone)
        said = json.loads(failed.value.output)
    finally:
        local.run("flux", "--context", MANAGEMENT, "resume", "kustomization", "dev")
        local.run(*kubectl, "annotate", "cluster", FIRST, "example.com/note-")
    assert [(each["field"], each["live"], each["asked"], each["reverted"]) for each in said["live"]["edits"]] == [
        ("metadata.labels.environment", "by-hand", "dev", True),
        ("metadata.annotations.example.com/note", "hello", "nothing", False),
    ]
    assert {each["by"] for each in said["live"]["edits"]} == {"kubectl-label", "kubectl-annotate"}
    webhook, policy = sorted(each["what"] for each in said["refusals"])
    assert webhook.startswith(f"Cluster clusters/{FIRST}: ") and "variables[colour]" in webhook
    assert policy.startswith("ResourceGroup clusters/shop: ") and "reconcile-policy" in policy


def merge(local: Local, message: str, edit: Callable[[Path], None]) -> dict[str, Any]:
    """Plan a change, merge it, and compare what Azure was asked with the plan, which is returned."""
    since = time.time()
    with branch(local, message, edit) as clone:
        planned = plan(local, clone)
        first_cluster.git(local.env, "-C", clone, "push", "--quiet", "origin", "HEAD:main")
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
    expected = [write for each in planned["clusters"] for write in each["writes"]]
    try:
        eventually(lambda: not _missing(local, since, expected), 300, message)
    except AssertionError:
        pytest.fail(f"{message}: Azure was not asked {_missing(local, since, expected)}")
    time.sleep(QUIET)
    assert _unpredicted(local, since, expected) == []
    return planned


@contextmanager
def branch(local: Local, message: str, edit: Callable[[Path], None]) -> Iterator[Path]:
    """A clone of the fleet repository with one commit more than main."""
    with tempfile.TemporaryDirectory() as folder:
        clone = first_cluster.clone(local.env, Path(folder) / "fleet")
        edit(clone)
        first_cluster.git(local.env, "-C", clone, "add", "--all")
        first_cluster.git(local.env, "-C", clone, "commit", "--quiet", "--message", message)
        yield clone


def plan(local: Local, clone: Path) -> dict[str, Any]:
    """What the management cluster is asked about, too."""
    words = ["--repository", str(clone), "--base", "origin/main", "--format", "json", "--live", "--context", MANAGEMENT]
    made: dict[str, Any] = json.loads(local.run(sys.executable, "-m", "fleet", "plan", *words))
    return made


def _missing(local: Local, since: float, expected: list[dict[str, Any]]) -> list[str]:
    """Predicted writes that were not seen, or not with what they were to set."""
    return [
        f"{write['method']} {write['path']} {write['sets']}"
        for write in expected
        if not any(
            each["method"] == write["method"] and _is(each, write) and _sets(each, write["sets"])
            for each in _writes(local, since)
        )
    ]


def _unpredicted(local: Local, since: float, expected: list[dict[str, Any]]) -> list[str]:
    """Writes that nobody predicted; Azure Service Operator may say again what it said before."""
    said = {each["path"]: each["body"] for each in _writes(local, 0) if each["time"] < since}
    return [
        f"{each['method']} {each['path']}"
        for each in _writes(local, since)
        if not any(each["method"] == write["method"] and _is(each, write) for write in expected)
        and (each["method"] != "PUT" or said.get(each["path"]) != each["body"])
    ]


def _writes(local: Local, since: float) -> list[Mapping[str, Any]]:
    """What controllers wrote about workload clusters."""
    ours = re.compile(rf"/resourcegroups/({FIRST}|{THIRD})(/|$)", re.IGNORECASE)
    found = local.requests(since)
    methods = ("PUT", "PATCH", "DELETE")
    return [
        each
        for each in found
        if each["method"] in methods and each["client_id"] != OPERATOR_CLIENT_ID and ours.search(each["path"])
    ]


def _is(request: Mapping[str, Any], write: Mapping[str, Any]) -> bool:
    return str(request["path"]).lower().endswith(f"/{write['path']}".lower())


def _sets(request: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a request says all that it was to say, by Azure Service Operator's names."""
    body = request["body"] if isinstance(request["body"], dict) else {}
    sent = {name.removeprefix("properties."): value for name, value in flat(body).items()}
    return all(sent.get(name) == value for name, value in wanted.items())


def _request(fleet: Path) -> Path:
    return fleet / merges.CLUSTERS / FIRST / "cluster.yaml"


def _grow(fleet: Path) -> None:
    merges.add(fleet, THIRD)
    text = _request(fleet).read_text().replace("replicas: 1", "replicas: 2")
    _request(fleet).write_text(re.sub(r"(?m)^( *)(- {.*name: system.*})$", rf"\1\2\n\1{POOL}", text))


def _shrink(fleet: Path) -> None:
    merges.approve(fleet, THIRD)
    text = _request(fleet).read_text().replace("replicas: 2", "replicas: 1")
    _request(fleet).write_text(text.replace(POOL, APPROVED_POOL))


def _remove(fleet: Path) -> None:
    merges.remove(fleet, THIRD)
    _request(fleet).write_text(re.sub(rf"\n *{re.escape(APPROVED_POOL)}", "", _request(fleet).read_text()))


def _refused(fleet: Path) -> None:
    """A variable that the class has not, which a webhook refuses; a typo that a policy of the fleet refuses."""
    text = _request(fleet).read_text()
    _request(fleet).write_text(
        text.replace("    workers:", "    variables: [{name: colour, value: blue}]\n    workers:")
    )
    (fleet / merges.CLUSTERS / "group.yaml").write_text(
        "apiVersion: resources.azure.com/v1api20200601\nkind: ResourceGroup\nmetadata:\n  name: shop\n"
        "  namespace: clusters\n  annotations: {serviceoperator.azure.com/reconcile-policy: kepe}\n"
        "spec: {location: northeurope}\n"
    )


def _cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", THIRD, "-n", "clusters")


def _available(local: Local) -> bool:
    conditions = (_cluster(local) or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)
