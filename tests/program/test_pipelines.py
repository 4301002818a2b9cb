"""The pipelines' commands on a real stack: what the comment says, what drift is, what expires."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from infra import naming
from tests.program.conftest import Repository, config
from tests.program.plane import AKS, GROUP, ONLY_AZURE
from tests.program.project import CHECKOUT, STACK, Project, Result
from tests.provider.azure import Azure
from tests.unit.api_server import api_server

LOCAL = {"policy:profile": "local"}
SANDBOX = {"policy:profile": "sandbox"}
EXPIRED = {"sandbox:expires": "2020-01-01"}
GUARD = """
import pulumi
from types import SimpleNamespace
from infra.settings import Settings
from management_cluster.teardown_guard import TeardownGuard
aks = SimpleNamespace(cluster=SimpleNamespace(id="any"), kubeconfig=pulumi.Output.secret({kubeconfig!r}))
TeardownGuard("teardown", Settings.load(), SimpleNamespace(aks=aks), after=[])
"""
FLUX_CREDENTIAL = (
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{naming.identity(STACK, 'flux')}"
    f"/federatedIdentityCredentials/{naming.federated_credential('clusters', 'flux')}"
)
VERSIONS_AND_SEED = """
import pulumi
from fleet import seed
from fleet.fleet_repository import FleetRepository
from infra.settings import Settings
seed.files = lambda: {seed}
FleetRepository("fleet", Settings.load().fleet)
pulumi.export("versions", {{"flux": "{flux}", "providers": {{"cluster-api": "{cluster_api}"}}}})
"""


def pipelines(project: Project, *arguments: str) -> Result:
    """Run a command of the pipelines as their steps do."""
    return _run(project, [sys.executable, "-m", "pipelines", *arguments])


def _run(project: Project, command: list[str], **more: str) -> Result:
    done = subprocess.run(
        command,
        cwd=project.folder,
        env={**project.env, **more},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    return Result(done.returncode, done.stdout + done.stderr)


def _program(flux: str, cluster_api: str, **seed: str) -> str:
    return VERSIONS_AND_SEED.format(flux=flux, cluster_api=cluster_api, seed=seed)


def make(project: Project, target: str, **variables: str) -> Result:
    """Run a Make target as the pipelines do, variables in the environment; that one is ready is Make's own."""
    return _run(
        project,
        ["make", "-f", str(CHECKOUT / "Makefile"), "-o", ".venv/ready", target],
        **{"STACK": STACK, **variables},
    )


def _comment(project: Project, folder: Path) -> str:
    """What a preview writes onto the pull request, without its hidden first line."""
    done = make(project, "preview", REPORT=str(folder / "comment.md"))
    assert done.code == 0, done.text
    marker, _, said = (folder / "comment.md").read_text().partition("\n")
    assert marker == f"<!-- slipway: preview of {STACK} -->"
    return said


def test_the_comment_of_the_first_preview_lists_what_is_made(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    project.write(config(repository) | SANDBOX)
    said = _comment(project, tmp_path)
    assert "to create" in said.splitlines()[0]
    assert "| create | `aks` | ManagedCluster |  |" in said
    assert "| advisory | `api-server-restricted` |" in said


def test_a_cluster_out_of_reach_is_previewed_and_said_to_be(
    project: Project, repository: Repository, azure: Azure, tmp_path: Path
) -> None:
    project.write(config(repository) | LOCAL, program=ONLY_AZURE)
    assert make(project, "up").code == 0
    project.write(config(repository) | LOCAL)
    began = time.time()
    said = _comment(project, tmp_path)
    assert "### Not compared" in said
    assert "The management cluster cannot be reached" in said
    assert "| create | `root` | Kustomization |" in said
    assert [call for call in azure.calls(began) if call["method"] in {"PUT", "PATCH", "DELETE"}] == []
    assert repository.heads() == {}
    project.succeed("destroy", "--yes", "--skip-preview")


def test_upgrades_and_a_new_seed_are_told_in_words(project: Project, repository: Repository, tmp_path: Path) -> None:
    project.write(config(repository) | LOCAL, program=_program("v2.9.4", "v1.12.7", a="1", b="1"))
    assert make(project, "up").code == 0
    project.write(config(repository) | LOCAL, program=_program("v2.9.5", "v1.12.8", a="2", c="1"))
    said = _comment(project, tmp_path)
    assert "- flux: v2.9.4 → v2.9.5" in said
    assert "- cluster-api: v1.12.7 → v1.12.8" in said
    assert "A new seed for the branch seed" in said
    assert all(line in said for line in ("~ a", "- b", "+ c"))


def test_a_refused_preview_says_by_which_policy(project: Project, repository: Repository, tmp_path: Path) -> None:
    project.write(config(repository, tier="Free"))
    report = tmp_path / "comment.md"
    done = make(project, "preview", REPORT=str(report))
    assert done.code != 0, done.text
    assert "refused by policy" in report.read_text().splitlines()[1]
    assert "| **mandatory** | `standard-tier` |" in report.read_text()
    assert "Traceback" not in report.read_text()


def test_drift_is_what_was_changed_or_deleted_by_hand(
    project: Project, repository: Repository, azure: Azure, tmp_path: Path
) -> None:
    project.write(config(repository) | LOCAL, program=ONLY_AZURE)
    assert make(project, "up").code == 0
    report = tmp_path / "drift.md"
    make(project, "drift", REPORT=str(report))
    # No control plane runs behind this AKS, so what it manages cannot be compared with what Azure has.
    assert report.read_text().splitlines()[1].endswith(": Azure's clusters could not be compared")
    azure.arm.put(GROUP, "2024-03-01", {"location": "westeurope", "tags": {"by": "hand"}})
    azure.arm.delete(FLUX_CREDENTIAL, "2023-01-31")
    assert make(project, "drift", REPORT=str(report)).code != 0
    said = report.read_text()
    assert "2 resources differ" in said.splitlines()[1]
    assert "| changed by hand | `resource-group` | ResourceGroup | tags" in said
    assert "| **gone** | `flux-clusters-flux` |" in said
    project.succeed("destroy", "--yes", "--skip-preview", "--refresh")


def test_only_a_sandbox_that_has_had_its_time_is_taken_down(
    project: Project, repository: Repository, azure: Azure
) -> None:
    project.write(config(repository) | SANDBOX | {"sandbox:expires": "2999-01-01"}, program=ONLY_AZURE)
    assert make(project, "up").code == 0
    assert make(project, "teardown-expired").code == 0
    assert azure.find(AKS, "2025-09-01") is not None

    project.write(config(repository) | LOCAL | EXPIRED, program=ONLY_AZURE)
    project.succeed("stack", "init", "expired")
    expired = {key: str(value) for key, value in (config(repository) | SANDBOX | EXPIRED).items()}
    (project.folder / "Pulumi.expired.yaml").write_text(yaml.safe_dump({"config": expired}))
    refused = pipelines(project, "teardown-expired")
    assert (refused.code, "only sandboxes expire" in refused.text) == (2, True)
    assert "Expired: expired" in refused.text
    assert azure.find(AKS, "2025-09-01") is not None

    project.write(config(repository) | SANDBOX | EXPIRED, program=ONLY_AZURE)
    assert "Expired: expired, test" in pipelines(project, "teardown-expired", "--dry-run").text
    assert azure.find(AKS, "2025-09-01") is not None
    assert make(project, "teardown-expired").code == 0
    assert azure.find(GROUP) is None


@pytest.mark.parametrize(("own", "code"), [({}, 0), ({"slipway:teardown": "refuse"}, 1)])
def test_the_fleet_of_a_sandbox_goes_with_it_unless_the_stack_says_otherwise(
    project: Project, repository: Repository, own: dict[str, str], code: int
) -> None:
    with api_server() as cluster:
        first = cluster.put("cluster.x-k8s.io/v1beta2", "Cluster", "first")
        guard = GUARD.format(kubeconfig=cluster.kubeconfig)
        project.write(config(repository) | SANDBOX | EXPIRED | own, program=guard)
        assert make(project, "up").code == 0
        done = pipelines(project, "teardown-expired")
        assert (done.code, first in cluster.objects) == (code, bool(code)), done.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["preview", "--stack", "nowhere"], "there is no stack nowhere"),
        (["drift", "--stack", "nowhere"], "there is no stack nowhere"),
        (["up", "--stack", STACK, "--report", "file"], "unrecognized arguments: --report"),
    ],
)
def test_what_cannot_be_tried_is_one_line(project: Project, arguments: list[str], said: str) -> None:
    done = pipelines(project, *arguments)
    assert (done.code, said in done.text, "Traceback" in done.text) == (2, True, False)
