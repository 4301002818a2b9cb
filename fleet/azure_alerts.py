"""`python -m fleet alerts`: the fleet repository's alerts as Azure Monitor takes them, an ARM template.

Azure evaluates rules outside of the cluster, as resources of its own. They are not made by Azure Service Operator: who
is watched may not change who watches, and rules have to outlive the management cluster that they call missing.
https://learn.microsoft.com/azure/azure-monitor/metrics/prometheus-rule-groups
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console

from external.command import ExternalError

FILE: Final = Path("management/observability/alerts/alerts.yaml")
PAGE: Final = "docs/how-to/observe.md"
TYPE: Final = "Microsoft.AlertsManagement/prometheusRuleGroups"
API_VERSION: Final = "2023-03-01"
SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
MOST_RULES: Final = 20
"""In one group. https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#prometheus-metrics"""

SEVERITIES: Final = {"critical": 0, "warning": 2}
PARAMETERS: Final = {
    "workspace": {"type": "string", "metadata": {"description": "id of the Azure Monitor workspace"}},
    "cluster": {"type": "string", "metadata": {"description": "name of the management cluster"}},
    "actionGroup": {"type": "string", "defaultValue": "", "metadata": {"description": "id of who is told, if anybody"}},
    "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
}
ACTIONS: Final = (
    "[if(empty(parameters('actionGroup')), createArray(), "
    "createArray(createObject('actionGroupId', parameters('actionGroup'))))]"
)


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "alerts",
        help="print the alerts as a template for Azure Monitor, for `az deployment group create`",
        epilog="Exit code: 0 printed, 2 there is no such file, or Azure would not take it.",
    )
    parse.add_argument("path", type=Path, nargs="?", default=Path(), help="the repository's folder; default: here")
    parse.add_argument(
        "--runbooks", default=PAGE, metavar="ADDRESS", help=f"where you read Slipway's page {PAGE}: https://…"
    )
    parse.set_defaults(command=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the template."""
    try:
        rule = yaml.safe_load((arguments.path / FILE).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ExternalError(f"{arguments.path / FILE} cannot be read: {error}") from None
    console.out(json.dumps(template(rule, arguments.runbooks), indent=2), highlight=False)
    return 0


def template(rule: Mapping[str, Any], runbooks: str = PAGE) -> dict[str, Any]:
    """The ARM template of a PrometheusRule.

    Args:
        runbooks: address of the page that says what to do.

    Raises:
        ExternalError: Azure has no such rule; names it.
    """
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": PARAMETERS,
        "resources": [_group(each, runbooks) for each in rule["spec"]["groups"]],
    }


def _group(group: Mapping[str, Any], runbooks: str) -> dict[str, Any]:
    rules = list(_rules(group, runbooks))
    if len(rules) > MOST_RULES:
        raise ExternalError(f"group {group['name']} has {len(rules)} rules, Azure takes {MOST_RULES}: split it")
    return {
        "type": TYPE,
        "apiVersion": API_VERSION,
        "name": f"[concat(parameters('cluster'), '-{group['name']}')]",
        "location": "[parameters('location')]",
        "properties": {
            "scopes": ["[parameters('workspace')]"],
            "clusterName": "[parameters('cluster')]",
            "enabled": True,
            "interval": "PT1M",
            "rules": rules,
        },
    }


def _rules(group: Mapping[str, Any], runbooks: str) -> Iterator[dict[str, Any]]:
    for rule in group["rules"]:
        name, severity = rule.get("alert", "?"), rule.get("labels", {}).get("severity")
        if severity not in SEVERITIES:
            raise ExternalError(f"alert {name} has severity {severity}: write one of {', '.join(SEVERITIES)}")
        wait = _iso(name, rule.get("for", "1m"))
        yield {
            "alert": name,
            "enabled": True,
            "expression": " ".join(rule["expr"].split()),
            "for": wait,
            "severity": SEVERITIES[severity],
            "labels": rule["labels"],
            "annotations": {
                key: _literal(value.replace("${runbooks}", runbooks)) for key, value in rule["annotations"].items()
            },
            "resolveConfiguration": {"autoResolved": True, "timeToResolve": "PT5M"},
            "actions": ACTIONS,
        }


def _iso(name: str, duration: str) -> str:
    """Prometheus' 20m as ISO 8601's PT20M."""
    if not re.fullmatch(r"[1-9]\d*[mh]", duration):
        raise ExternalError(f"alert {name} has for: {duration}: write minutes or hours, such as 20m")
    return f"PT{duration.upper()}"


def _literal(text: str) -> str:
    """Text that Resource Manager would take for an expression, as text."""
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text
