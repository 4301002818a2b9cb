"""Every mistake is told at the line where a person wrote it: what is broken, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.validation import report
from fleet.validation.check import validate
from tests.fleet import mistakes
from tests.fleet.mistakes import BROKEN, FIRST
from tests.fleet.pull_requests import APPROVAL
from tests.fleet.rendering import Fleet, seeded


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A repository that is valid."""
    return seeded(tmp_path)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One repository with all these mistakes, validated once: none hides another."""
    fleet = seeded(tmp_path_factory.mktemp("broken"))
    for name in BROKEN:
        mistakes.make(fleet, name)
    return report.text(validate(fleet.path))


@pytest.mark.parametrize("name", BROKEN)
def test_says_of(name: str, told: str) -> None:
    assert mistakes.said(name) in told


def test_the_seed_and_a_request_are_valid(fleet: Fleet) -> None:
    result = validate(fleet.path)
    assert (result.findings, result.clusters) == ((), 1)
    assert result.undecided == ("tenant-azure", "tenant-clusters", "tenant-hydration")


@pytest.mark.parametrize("example", ["straight", "machines", "scaled"])
def test_a_request_of_any_class_is_valid(example: str, fleet: Fleet) -> None:
    fleet.request("another", example=example)
    assert validate(fleet.path).findings == ()


def test_an_approved_deletion_is_valid_since_flux_may_approve(fleet: Fleet) -> None:
    fleet.request("leaving", FIRST.replace("name: first\n", f"name: leaving{APPROVAL}\n"))
    result = validate(fleet.path)
    assert result.findings == ()
    assert not any("approv" in policy for policy in result.undecided)


def test_networks_that_a_class_gives_no_default_for_are_unique_in_the_fleet(fleet: Fleet) -> None:
    file = fleet.path / "classes/aks-v1.yaml"
    own = "  variables:\n  - name: nodeCidr\n    required: false\n    schema: {openAPIV3Schema: {type: string}}\n"
    file.write_text(file.read_text().replace("\n  variables:\n", f"\n{own}", 1))
    for name, network in (("a", "10.1.0.0/16"), ("b", "10.1.128.0/20"), ("c", "10.2.0.0/16")):
        variables = f"    variables: [{{name: nodeCidr, value: {network}}}]\n    workers:"
        fleet.request(name, FIRST.replace("    workers:", variables))
    assert [(each.file.split("/")[3], each.message) for each in validate(fleet.path).findings] == [
        ("b", "overlaps with nodeCidr of cluster a, 10.1.0.0/16")
    ]
