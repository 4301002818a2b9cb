"""Wrong settings stop a preview: every one is named, nothing is asked of Azure, nothing is written."""

from __future__ import annotations

import time

import pytest

from tests.program.conftest import Repository, config
from tests.program.project import Project
from tests.provider.azure import Azure


@pytest.mark.parametrize("command", [["preview"], ["up", "--yes", "--skip-preview"]])
def test_wrong_settings_are_all_named_before_anything_is_created(
    project: Project, repository: Repository, azure: Azure, command: list[str]
) -> None:
    began = time.time()
    project.write(config(repository, location="West Europe", podCidr="10.224.0.0/16", typo="x"))
    text = project.fail(*command)
    assert 'slipway:location = "West Europe": is not a region of Azure. Did you mean "westeurope"?' in text
    assert 'slipway:podCidr = "10.224.0.0/16": overlaps slipway:vnetCidr' in text
    assert 'slipway:typo = "x": there is no such setting' in text
    assert "nothing was created" in text
    assert "Traceback" not in text
    assert azure.calls(began, method="PUT") == []
    assert repository.heads() == {}


def test_a_value_of_the_wrong_type_is_named(project: Project, repository: Repository) -> None:
    project.write(config(repository, systemPoolCount="many"))
    assert "systemPoolCount" in project.fail("preview")


def test_a_missing_setting_is_named(project: Project, repository: Repository) -> None:
    without = config(repository)
    del without["slipway:location"]
    project.write(without)
    assert "missing configuration value 'location'" in project.fail("preview")
