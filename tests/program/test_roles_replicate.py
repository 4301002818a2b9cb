"""Azure takes a while until it knows a role of one's own everywhere, and the provider does not wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

import pytest

from infra import naming
from tests.program.conftest import Repository, config
from tests.program.project import STACK, Project
from tests.provider.azure import SUBSCRIPTION, Azure

ONE_ROLE = """
import pulumi
from infra.custom_role import define
from infra.fleet_roles import CAPZ
from infra.identity import Identity
from infra.settings import Settings
from pulumi_azure_native import resources
settings = Settings.load().azure
group = resources.ResourceGroup("group", resource_group_name="rg-role", location=settings.location)
identity = Identity(
    "capz", cluster=settings.name, location=settings.location, resource_group=group.name, parent=group
)
target = settings.subscription_id
role = define("role", CAPZ, cluster=settings.name, subscription_id=target, target=target, opts=pulumi.ResourceOptions())
identity.may(role, on=f"/subscriptions/{target}", subscription_id=target)
"""
ASSIGNMENT = str(uuid5(NAMESPACE_URL, f"{SUBSCRIPTION}/{naming.identity(STACK, 'capz')}/capz-capz"))


@pytest.fixture
def one_role(project: Project, repository: Repository, azure: Azure) -> Iterator[Project]:
    """A project that defines one role and assigns it."""
    project.write(config(repository), program=ONE_ROLE)
    yield project
    project.succeed("destroy", "--yes", "--skip-preview")


def test_a_role_that_azure_does_not_know_yet_wants_no_more_than_another_run(one_role: Project, azure: Azure) -> None:
    azure.fault(
        kind="respond",
        method="PUT",
        path=ASSIGNMENT,
        status=400,
        code="RoleDefinitionDoesNotExist",
        message="The specified role definition does not exist.",
        count=1,
    )
    began = time.time()
    assert "RoleDefinitionDoesNotExist" in one_role.fail("up", "--yes", "--skip-preview")
    one_role.succeed("up", "--yes", "--skip-preview")
    assert [call["status"] for call in azure.calls(began, method="PUT", path=ASSIGNMENT)] == [400, 201]
    one_role.succeed("preview", "--expect-no-changes")
