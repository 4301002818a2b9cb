"""What code scanning gets: SARIF, by its official schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.validation import report
from fleet.validation.check import validate
from tests.fleet.mistakes import FIRST
from tests.fleet.rendering import Fleet, seeded


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A repository that is valid."""
    return seeded(tmp_path)


def test_sarif_is_what_code_scanning_takes(fleet: Fleet) -> None:
    fleet.request("typo", FIRST.replace("replicas", "replica"))
    run = json.loads(report.sarif(validate(fleet.path)))["runs"][0]
    (result,) = run["results"]
    assert result["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "environments/dev/clusters/typo/cluster.yaml"},
        "region": {"startLine": 10, "startColumn": 39},
    }
