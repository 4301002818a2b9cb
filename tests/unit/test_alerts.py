"""Alerts and graphs: each can be computed, is made of series that somebody shows, and each alert says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import promql_parser
import pytest
from pulumi_azure_native.alertsmanagement import PrometheusRuleArgs, PrometheusRuleGroupArgs

from external.command import ExternalError
from fleet import azure_alerts
from fleet.__main__ import main
from tests import observability
from tests.observability import alerts, conditions, expressions, monitors, selectors

DOCS = Path(__file__).parents[2]
BY_PROMETHEUS = {"up"}
"""What Prometheus itself adds."""


@pytest.mark.parametrize("expression", expressions().values(), ids=expressions().keys())
def test_the_expression_is_promql(expression: str) -> None:
    promql_parser.parse(expression)


def test_a_broken_expression_is_none() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("sum(rate(up[5m])")


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning")
    page, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert page == "${runbooks}"
    headings = re.findall(r"^#+ (.+)$", (DOCS / azure_alerts.PAGE).read_text(), re.MULTILINE)
    assert section in {heading.lower().replace(" ", "-") for heading in headings}
    assert section == str(alert["alert"]).lower()


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_a_summary_names_only_labels_that_the_alert_has(alert: dict[str, str]) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
    groups = re.findall(r"\b(?:min|max|sum) by \(([^)]*)\)", alert["expr"])
    assert all(named <= {label.strip() for label in group.split(",")} for group in groups)
    assert groups or not named


def test_every_alert_has_a_name_of_its_own() -> None:
    names = [each["alert"] for each in alerts()]
    assert len(names) == len(set(names))


def test_conditions_become_the_series_that_are_asked_for() -> None:
    made = {f"{each['metricNamePrefix']}_{metric['name']}" for each in conditions() for metric in each["metrics"]}
    asked = [each for text in expressions().values() for each in selectors(text) if each.name.startswith("fleet_")]
    assert {each.name for each in asked} == made
    known = {"namespace", "name", "environment", "ring", "type", "reason"}
    assert {label for each in asked for label, _, _ in observability.matchers_of(each)} <= known


def test_each_kind_has_a_name_of_its_own() -> None:
    """Of two kinds with the same, kube-state-metrics leaves out the header of the second, and with it its series."""
    names = [each["metricNamePrefix"] for each in conditions()]
    assert len(names) == len(set(names))


def test_a_version_that_is_exported_is_the_one_in_use() -> None:
    """Another would be other objects to kube-state-metrics: no series, and no alert."""
    used = "\n".join(file.read_text() for file in observability.FOLDER.parents[1].rglob("*.yaml"))
    for each in conditions():
        kind = each["groupVersionKind"]
        assert f"apiVersion: {kind['group']}/{kind['version']}" in used, kind


def test_every_series_is_kept_by_a_monitor() -> None:
    """Its own part keeps a series; what reads the names of all monitors together keeps what one of them does."""
    kept = set()
    for monitor in monitors():
        for endpoint in monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]:
            rules = endpoint.get("metricRelabelings", [{"regex": "fleet_.+"}])
            kept |= {rule["regex"] for rule in rules}
    for text in expressions().values():
        for name in {each.name for each in selectors(text)} - BY_PROMETHEUS:
            assert any(re.fullmatch(regex, name) for regex in kept), name


def test_every_monitor_says_whose_metrics_they_are_and_keeps_within_azures_limits() -> None:
    for monitor in monitors():
        spec = monitor["spec"]
        assert (spec["labelLimit"], spec["labelNameLengthLimit"], spec["labelValueLengthLimit"]) == (63, 511, 1023)
        for endpoint in spec.get("endpoints") or spec["podMetricsEndpoints"]:
            (rule,) = endpoint["relabelings"]
            assert rule["targetLabel"] == "fleet_component"
            found = re.fullmatch(rule["regex"], "capi-controller-manager-5d7f9c6b8f-x2v4k")
            assert found and found[1] == "capi-controller-manager"


def test_azure_monitor_gets_every_alert_as_it_is() -> None:
    groups = azure_alerts.template(observability.rule_file())["resources"]
    rules = [rule for group in groups for rule in group["properties"]["rules"]]
    assert [each["alert"] for each in rules] == [each["alert"] for each in alerts()]
    for rule, alert in zip(rules, alerts(), strict=True):
        assert str(promql_parser.parse(rule["expression"])) == str(promql_parser.parse(alert["expr"]))
        section = str(alert["alert"]).lower()
        assert rule["annotations"] == {**alert["annotations"], "runbook_url": f"docs/how-to/observe.md#{section}"}
        assert rule["for"] == f"PT{alert['for'].upper()}"
        assert rule["severity"] == {"critical": 0, "warning": 2}[alert["labels"]["severity"]]


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", str(observability.FOLDER.parents[1])]) == 0
    assert json.loads(capsys.readouterr().out) == azure_alerts.template(observability.rule_file())


def test_its_runbooks_are_where_the_user_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    page = "https://git.example.com/platform/slipway/src/main/docs/how-to/observe.md"
    assert main(["alerts", str(observability.FOLDER.parents[1]), "--runbooks", page]) == 0
    groups = json.loads(capsys.readouterr().out)["resources"]
    first = groups[0]["properties"]["rules"][0]["annotations"]
    assert first["runbook_url"] == f"{page}#clusternotready"


def test_a_folder_without_alerts_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", str(tmp_path)]) == 2
    assert str(tmp_path / azure_alerts.FILE) in capsys.readouterr().err


def test_azures_own_model_has_every_field_of_the_template() -> None:
    def fields(model: type) -> set[str]:
        names = [name for name in vars(model) if not name.startswith("_")]
        return {re.sub(r"_(\w)", lambda found: found[1].upper(), name.rstrip("_")) for name in names}

    for group in azure_alerts.template(observability.rule_file())["resources"]:
        assert group["properties"].keys() <= fields(PrometheusRuleGroupArgs)
        for rule in group["properties"]["rules"]:
            assert rule.keys() <= fields(PrometheusRuleArgs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"for": "90s"}, "alert Late has for: 90s: write minutes or hours"),
        ({"labels": {"severity": "page"}}, "alert Late has severity page: write one of critical, warning"),
    ],
)
def test_what_azure_would_not_take_is_refused(change: dict[str, object], said: str) -> None:
    rule = {"alert": "Late", "expr": "up == 0", "for": "5m", "labels": {"severity": "warning"}, "annotations": {}}
    with pytest.raises(ExternalError, match=re.escape(said)):
        azure_alerts.template({"spec": {"groups": [{"name": "late", "rules": [rule | change]}]}})


def test_more_rules_than_azure_takes_in_a_group_are_refused() -> None:
    rule = {"alert": "Late", "expr": "up == 0", "labels": {"severity": "warning"}, "annotations": {}}
    with pytest.raises(ExternalError, match="group late has 21 rules, Azure takes 20: split it"):
        azure_alerts.template({"spec": {"groups": [{"name": "late", "rules": [rule] * 21}]}})


def test_text_is_no_expression_of_resource_manager() -> None:
    rule = {"alert": "Late", "expr": "up == 0", "labels": {"severity": "warning"}, "annotations": {"summary": "[late]"}}
    (group,) = azure_alerts.template({"spec": {"groups": [{"name": "late", "rules": [rule]}]}})["resources"]
    assert group["properties"]["rules"][0]["annotations"] == {"summary": "[[late]"}
