"""Predictions come true: what `python -m fleet plan` says of a change is what Azure is asked, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fleet.plan.azure import flat
from local_azure import first_cluster
from local_azure.instance import OPERATOR_CLIENT_ID
from tests.e2e.local import FIRST, MANAGEMENT, Local, eventually

THIRD = "third"
FOLDER = Path("environments/dev/clusters")
APPROVAL = """\
  annotations:
    slipway.dev/deletion-approved-by: jane@example.com
    slipway.dev/deletion-approved-until: "2099-01-01T00:00:00Z"
"""
POOL = "- {class: user, name: apps, replicas: 1}"
QUIET = 20.0
"""Seconds without an unpredicted write, after the last predicted one."""


def test_a_scaling_a_pool_and_a_cluster_come_as_planned_and_go_as_planned(local: Local) -> None:
    grown = merge(local, "Grow", _grow)
    assert {each["name"]: (each["change"], each["nodes"]) for each in grown["clusters"]} == {
        FIRST: ("changed", 2),
        THIRD: ("created", 1),
    }
    eventually(lambda: _available(local), 300, f"the cluster {THIRD}")

    shrunk = merge(local, "Shrink", _shrink)
    assert {each["name"]: each["change"] for each in shrunk["clusters"]} == {
        FIRST: "changed",
        THIRD: "approved for deletion",
    }
    eventually(lambda: "prune" not in str(_cluster(local)["metadata"]["annotations"]), 60, "the approval")

    gone = merge(local, f"Remove {THIRD}", lambda fleet: shutil.rmtree(fleet / FOLDER / THIRD))
    assert [each["change"] for each in gone["clusters"]] == ["deleted"]
    eventually(lambda: _cluster(local) is None, 300, f"the end of {THIRD}")


def merge(local: Local, message: str, edit: Callable[[Path], None]) -> dict[str, Any]:
    """Plan a change, merge it, and compare what Azure was asked with the plan, which is returned."""
    since = time.time()
    with tempfile.TemporaryDirectory() as folder:
        clone = first_cluster.clone(local.env, Path(folder) / "fleet")
        edit(clone)
        first_cluster.git(local.env, "-C", clone, "add", "--all")
        first_cluster.git(local.env, "-C", clone, "commit", "--quiet", "--message", message)
        words = ["--repository", str(clone), "--base", "origin/main", "--format", "json"]
        plan: dict[str, Any] = json.loads(local.run(sys.executable, "-m", "fleet", "plan", *words))
        first_cluster.git(local.env, "-C", clone, "push", "--quiet", "origin", "HEAD:main")
    local.reconcile(MANAGEMENT, "kustomization", "dev", "--with-source")
    expected = [write for each in plan["clusters"] for write in each["writes"]]
    eventually(lambda: not _missing(local, since, expected), 300, f"{message}: {_missing(local, since, expected)}")
    time.sleep(QUIET)
    assert _unpredicted(local, since, expected) == []
    return plan


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


def _grow(fleet: Path) -> None:
    request = fleet / FOLDER / FIRST / "cluster.yaml"
    shutil.copytree(fleet / FOLDER / FIRST, fleet / FOLDER / THIRD)
    copy = fleet / FOLDER / THIRD / "cluster.yaml"
    copy.write_text(copy.read_text().replace(f"name: {FIRST}", f"name: {THIRD}"))
    text = request.read_text().replace("replicas: 1", "replicas: 2")
    request.write_text(re.sub(r"(?m)^( *)(- {.*name: system.*})$", rf"\1\2\n\1{POOL}", text))


def _shrink(fleet: Path) -> None:
    request, other = (fleet / FOLDER / name / "cluster.yaml" for name in (FIRST, THIRD))
    request.write_text(re.sub(rf"\n *{re.escape(POOL)}", "", request.read_text()).replace("replicas: 2", "replicas: 1"))
    other.write_text(other.read_text().replace(f"  name: {THIRD}\n", f"  name: {THIRD}\n{APPROVAL}", 1))


def _cluster(local: Local) -> Any:
    return local.get(MANAGEMENT, "cluster", THIRD, "-n", "clusters")


def _available(local: Local) -> bool:
    conditions = (_cluster(local) or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)
