"""The pipelines' own files: what Azure Pipelines would refuse, targets that exist, pins, no stored secret."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3]
AZURE = sorted((ROOT / ".azuredevops").glob("*.yml"))
GITHUB = sorted((ROOT / ".github").rglob("*.yml"))
SCHEMA = json.loads((resources.files("check_jsonschema") / "builtin_schemas/vendor/azure-pipelines.json").read_text())


def _as_azure_reads_it(text: str) -> Any:
    """Every scalar is text; the schema has real booleans only among the inputs of a task."""

    def inputs(value: Any, inside: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: inputs(each, inside or key == "inputs") for key, each in value.items()}
        if isinstance(value, list):
            return [inputs(each, inside) for each in value]
        return {"true": True, "false": False}.get(value, value) if inside else value

    return inputs(yaml.load(text, yaml.BaseLoader))


@pytest.mark.parametrize("file", AZURE, ids=lambda file: file.name)
def test_azure_pipelines_take_it(file: Path) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(_as_azure_reads_it(file.read_text()))


def test_a_misspelt_key_is_refused() -> None:
    text = (ROOT / ".azuredevops" / "up.yml").read_text().replace("timeoutInMinutes", "timeoutMinutes")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(_as_azure_reads_it(text))


@pytest.mark.parametrize("file", [*AZURE, *GITHUB], ids=lambda file: file.name)
def test_every_step_is_a_make_target_that_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"run: make ([a-z-]+)|target: ([a-z-]+)", file.read_text())) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


def test_every_target_of_a_pipeline_is_run_by_a_test_through_make() -> None:
    text = "\n".join(file.read_text() for file in (*AZURE, *GITHUB))
    run = set(re.findall(r"(?:run: make|target:) ([a-z-]+)$", text, re.MULTILINE))
    tests = (ROOT / "tests/program/test_pipelines.py").read_text()
    assert run == {"preview", "up", "drift", "teardown-expired"}
    assert run == set(re.findall(r'\bmake\(project, "([a-z-]+)"', tests))


@pytest.mark.parametrize("file", [*AZURE, *GITHUB], ids=lambda file: file.name)
def test_no_secret_is_stored(file: Path) -> None:
    assert "secrets." not in file.read_text()


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.name)
def test_actions_are_githubs_own_pinned_by_commit(file: Path) -> None:
    for line in re.findall(r"uses: (?!\./)(.*)", file.read_text()):
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
