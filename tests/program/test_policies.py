"""The policy pack, run by the engine: what stops a preview, what is only said, and who may relax what."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.program.conftest import Repository, config
from tests.program.project import CHECKOUT, Project
from tests.provider.azure import Azure

PACK = CHECKOUT / "policies" / "program"
LOCAL = PACK / "profiles" / "local.json"
PRODUCTION = {"slipway:protect": True, "slipway:authorizedIpRanges": ["203.0.113.0/24"]}
READER = {"SLIPWAY_GIT_READER_USERNAME": "flux", "SLIPWAY_GIT_READER_PASSWORD": "reads-and-no-more"}

WORKLOAD_CLUSTER = """
from pulumi_azure_native import containerservice, resources
group = resources.ResourceGroup("group", location="westeurope")
containerservice.ManagedCluster("workload", resource_group_name=group.name, location="westeurope", dns_prefix="w",
    identity={"type": "SystemAssigned"},
    agent_pool_profiles=[{"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D4ds_v5"}])
"""

CREDENTIALS = """
import pulumi
from pulumi_azure_native import containerservice, resources
group = resources.ResourceGroup("group", location="westeurope")
for name, password in (("open", "hunter2"), ("marked", pulumi.Output.secret("hunter2"))):
    containerservice.ManagedCluster(name, resource_group_name=group.name, location="westeurope", dns_prefix="w",
        identity={"type": "SystemAssigned"}, windows_profile={"admin_username": "me", "admin_password": password},
        agent_pool_profiles=[{"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D4ds_v5"}])
"""


def _with_pack(profile: Path | None = None) -> list[str]:
    return ["--policy-pack", str(PACK), *(["--policy-pack-config", str(profile)] if profile else [])]


def test_the_program_passes_with_the_profile_of_its_stack(project: Project) -> None:
    text = project.succeed("preview", *_with_pack(LOCAL))
    assert "slipway@v0.1.0" in text
    assert "mandatory" not in text


def test_a_workload_cluster_in_the_program_is_refused(project: Project, repository: Repository, azure: Azure) -> None:
    project.write(config(repository), program=WORKLOAD_CLUSTER)
    began = time.time()
    text = project.fail("preview", *_with_pack(LOCAL))
    assert "one-management-cluster" in text
    assert "is an AKS cluster that the management cluster's component did not make" in text
    project.fail("up", "--yes", "--skip-preview", *_with_pack(LOCAL))
    assert [call for call in azure.calls(began, method="PUT") if "managedClusters" in call["path"]] == []


def test_a_credential_that_is_not_marked_is_refused_and_one_that_is_passes(
    project: Project, repository: Repository
) -> None:
    project.write(config(repository), program=CREDENTIALS)
    text = project.fail("preview", *_with_pack(LOCAL))
    assert "secrets-marked" in text
    assert "open has windowsProfile.adminPassword, which is not marked secret" in text
    assert "marked has windowsProfile" not in text


@pytest.mark.parametrize("level", ["advisory", "mandatory"])
def test_a_profile_decides_whether_a_rule_stops_or_only_says(
    project: Project, repository: Repository, tmp_path: Path, level: str
) -> None:
    profile = tmp_path / "profile.json"
    relaxed = json.loads(LOCAL.read_text())
    relaxed["standard-tier"] = {"enforcementLevel": level, "because": "This test asks for one and for the other."}
    profile.write_text(json.dumps(relaxed))
    project.write(config(repository, tier="Free"))
    result = project.pulumi("preview", *_with_pack(profile))
    assert "is of the tier Free, which has no SLA" in result.text
    assert (result.code == 0) == (level == "advisory")


def test_a_production_stack_passes_without_a_profile(project: Project, repository: Repository) -> None:
    project.write(config(repository) | PRODUCTION)
    text = Project(project.folder, {**project.env, **READER}).succeed("preview", *_with_pack())
    assert "mandatory" not in text


def test_a_production_stack_whose_agents_could_push_is_refused(project: Project, repository: Repository) -> None:
    project.write(config(repository) | PRODUCTION)
    text = project.fail("preview", *_with_pack())
    assert "fleet-git-values hands every workload cluster a credential that can push to the fleet repository" in text
    assert "Set slipway:gitReaderPassword" in text
