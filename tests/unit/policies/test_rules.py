"""Each policy of the program: it lets pass what is right, and says of what is wrong what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pulumi_policy import deserialize, policy

import policies.program as pack
from policies.program import marks
from policies.program.page import page
from policies.program.rule import Rule
from policies.program.rules import RULES
from tests.unit.policies.cases import CASES, Case

PROFILES = sorted((Path(pack.__file__).parent / "profiles").glob("*.json"))
BY_ID = {rule.id: rule for rule in RULES}
EACH = [pytest.param(rule, case, id=rule) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("rule", "case"), EACH)
def test_what_is_right_passes(rule: str, case: Case) -> None:
    assert BY_ID[rule].findings(case.good, case.configuration) == []


@pytest.mark.parametrize(("rule", "case"), EACH)
def test_what_is_wrong_is_said(rule: str, case: Case) -> None:
    found = BY_ID[rule].findings(case.bad, case.configuration)
    assert any(case.said in finding.message for finding in found), found
    assert {finding.urn for finding in found} <= {resource.urn for resource in case.bad}


def test_every_rule_has_a_case_and_no_two_share_an_id() -> None:
    assert list(CASES) == [rule.id for rule in RULES]


def test_nothing_is_asked_of_images_without_a_mirror() -> None:
    bad = CASES["images-from-mirror"][0].bad
    assert BY_ID["images-from-mirror"].findings(bad, {}) == []


def test_a_rule_sees_that_a_value_is_secret_and_not_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "deserialize_properties", deserialize.deserialize_properties)
    marks.keep()
    secret = {deserialize.SPECIAL_SIG_KEY: deserialize.SPECIAL_SECRET_SIG, "value": "hunter2"}
    sent = {"name": "a", "password": secret, "items": [{"data": {"x": secret}}], "all": {**secret, "value": {"y": "z"}}}
    seen = {"name": "a", "password": "[secret]", "items": [{"data": {"x": "[secret]"}}], "all": "[secret]"}
    assert policy.deserialize_properties(sent) == seen


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_why_and_where_that_is_written(rule: Rule) -> None:
    assert rule.source.startswith("https://")
    assert rule.reason.endswith(".")
    assert rule.mend.endswith(".")


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_a_profile_relaxes_rules_that_exist_and_gives_a_reason(profile: Path) -> None:
    for rule, entry in json.loads(profile.read_text()).items():
        assert rule in BY_ID
        assert entry["enforcementLevel"] in {"advisory", "disabled"}
        assert len(entry["because"]) >= 20
        assert BY_ID[rule].severity != "critical", f"{rule} is never relaxed"


def test_the_page_of_the_rules_is_current() -> None:
    written = Path(__file__).parents[3] / "docs" / "policies.md"
    assert written.read_text() == page(), "run `make policy`"
