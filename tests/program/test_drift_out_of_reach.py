"""A night in which the management cluster is away: what could not be compared is not called gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.program.conftest import Repository, config
from tests.program.project import STACK, Project
from tests.program.test_pipelines import pipelines

NOBODY = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "away", "context": {"cluster": "away", "user": "nobody"}}],
        "current-context": "away",
    }
)
AWAY = f"""
import pulumi
import pulumi_kubernetes as kubernetes
pulumi.export("kubeconfig", pulumi.Output.secret({NOBODY!r}))
kubernetes.Provider("cluster", kubeconfig={NOBODY!r}, cluster_identifier="away", delete_unreachable=True)
"""


def _with_an_object(state: dict[str, Any]) -> dict[str, Any]:
    """The state after an update at a time when the cluster answered."""
    resources = state["deployment"]["resources"]
    provider = next(each for each in resources if each["type"] == "pulumi:providers:kubernetes")
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "there", "namespace": "default"}}
    resources.append(
        {
            "urn": f"{provider['urn'].partition('::pulumi:providers')[0]}::kubernetes:core/v1:ConfigMap::there",
            "custom": True,
            "id": "default/there",
            "type": "kubernetes:core/v1:ConfigMap",
            "inputs": document,
            "outputs": document,
            "parent": provider["parent"],
            "provider": f"{provider['urn']}::{provider['id']}",
        }
    )
    return state


def test_what_is_out_of_reach_is_not_called_gone(project: Project, repository: Repository, tmp_path: Path) -> None:
    project.write(config(repository), program=AWAY)
    project.succeed("up", "--yes", "--skip-preview")
    file, report = tmp_path / "state.json", tmp_path / "drift.md"
    file.write_text(json.dumps(_with_an_object(json.loads(project.state()))))
    project.succeed("stack", "import", "--file", str(file))

    done = pipelines(project, "drift", "--stack", STACK, "--report", str(report))
    said = report.read_text()
    assert done.code == 1, done.text
    headline = f"## Drift of `{STACK}`: 1 resource could not be compared, Azure's clusters could not be compared"
    assert said.splitlines()[1] == headline
    assert "gone" not in said
    assert "- `there`: the cluster does not answer" in said
    assert "Clusters in Azure with the fleet: the management cluster https://127.0.0.1:1 (context away)" in said
