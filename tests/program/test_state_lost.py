"""The stack's state is lost: plain words, and a recovery that makes nothing anew."""

from __future__ import annotations

import time

from tests.faults.runbook import blocks
from tests.program.conftest import Repository, config
from tests.program.plane import ONLY_AZURE
from tests.program.project import STACK, Project
from tests.provider.azure import Azure

ADOPTING = ONLY_AZURE.replace(
    "management = ",
    "from infra.adoption import adopt_if_asked\nadopt_if_asked(settings.azure.subscription_id)\nmanagement = ",
)


def test_what_azure_has_is_taken_over_and_nothing_is_made_anew(
    project: Project, repository: Repository, azure: Azure
) -> None:
    project.write(config(repository), program=ADOPTING)
    project.succeed("up", "--yes", "--skip-preview")
    before = project.outputs()
    project.succeed("stack", "rm", "--force", "--preserve-config", "--yes")
    project.succeed("stack", "init", STACK)

    began = time.time()
    assert "cannot create already existing resource" in project.fail("up", "--yes", "--skip-preview")
    project.succeed("stack", "rm", "--force", "--preserve-config", "--yes")
    _, take_over = blocks("disaster-recovery.md", "Pulumi's state is lost or corrupt")
    project.follow(take_over)
    assert project.outputs() == before

    project.succeed("preview", "--expect-no-changes")
    project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert [each["path"] for each in azure.calls(began) if each["method"] in ("PUT", "DELETE")] == []
    project.succeed("destroy", "--yes", "--skip-preview")
