"""What the fleet repository has to be watched by: alerts, graphs, the monitors and the series made of conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser
import yaml

FOLDER: Final = Path(__file__).parents[1] / "fleet/repository/management/observability"
GRAFANA: Final = {"$__rate_interval": "5m", "$component": ".+"}
"""What Grafana puts into an expression."""


def alerts() -> list[dict[str, Any]]:
    """The alerts of all groups."""
    return [rule for group in rule_file()["spec"]["groups"] for rule in group["rules"]]


def rule_file() -> dict[str, Any]:
    """The PrometheusRule."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "alerts/alerts.yaml").read_text())
    return found


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana gets it."""
    found: dict[str, Any] = json.loads(yaml.safe_load((FOLDER / "dashboard.yaml").read_text())["data"]["fleet.json"])
    return found


def graphs() -> dict[str, str]:
    """The dashboard's expressions by the title of their panel and their letter."""
    found = {}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for variable, value in GRAFANA.items():
                expression = expression.replace(variable, value)
            found[f"{panel['title']}, {target['refId']}"] = expression
    return found


def expressions() -> dict[str, str]:
    """All expressions, of alerts and graphs, by what they are for."""
    return {each["alert"]: each["expr"] for each in alerts()} | graphs()


def conditions() -> list[dict[str, Any]]:
    """What kube-state-metrics makes of the fleet's objects, by kind."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / "conditions/conditions.yaml").read_text())["spec"][
        "resources"
    ]
    return found


def monitors() -> list[dict[str, Any]]:
    """The ServiceMonitor and the PodMonitors."""
    return list(yaml.safe_load_all((FOLDER / "monitors.yaml").read_text()))


def parts(expression: Any) -> Iterator[Any]:
    """An expression of promql_parser and all that it is made of."""
    yield expression
    for name in ("lhs", "rhs", "expr", "vector_selector", "vs"):
        if (part := getattr(expression, name, None)) is not None:
            yield from parts(part)
    for argument in getattr(expression, "args", None) or []:
        yield from parts(argument)


def selectors(expression: str) -> list[Any]:
    """The selectors of series in an expression."""
    return [each for each in parts(promql_parser.parse(expression)) if isinstance(each, promql_parser.VectorSelector)]


def matchers_of(selector: Any) -> list[tuple[str, str, str]]:
    """What a selector asks of labels, sorted: name, how, and value, such as ("type", "=", "Ready")."""
    how = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
    return sorted((each.name, how[str(each.op)], each.value) for each in selector.matchers.matchers)


def text_of(selector: Any) -> str:
    """A selector as text, its labels sorted."""
    return f"{selector.name}{{{', '.join(f'{name}{how}{value!r}' for name, how, value in matchers_of(selector))}}}"
