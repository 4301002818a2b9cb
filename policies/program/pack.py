"""The rules as Pulumi's engine takes them: every one mandatory, unless the stack's profile says otherwise."""

from __future__ import annotations

from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.program.rule import Finding, Resource, Rule
from policies.program.rules import RULES

BECAUSE = {"because": {"type": "string", "minLength": 20}}
"""In a profile: why a stack is let off this rule."""


def policies() -> list[Policy]:
    """One policy a rule."""
    return [_policy(rule) for rule in RULES]


def _policy(rule: Rule) -> Policy:
    kind = StackValidationPolicy if rule.whole_stack else ResourceValidationPolicy
    return kind(
        name=rule.id,
        description=rule.says,
        validate=_of_stack(rule) if rule.whole_stack else _of_resource(rule),
        enforcement_level=EnforcementLevel.MANDATORY,
        severity=Severity(rule.severity),
        config_schema=PolicyConfigSchema(properties={**BECAUSE, **(rule.settings or {})}),
        remediation_steps=rule.mend,
        url=rule.source,
    )


def _of_resource(rule: Rule) -> Any:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        found = rule.findings([Resource(args.resource_type, args.urn, args.props)], args.get_config())
        for finding in found:
            report(_sentence(rule, finding), None)

    return validate


def _of_stack(rule: Rule) -> Any:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [Resource(each.resource_type, each.urn, each.props) for each in args.resources]
        for finding in rule.findings(resources, args.get_config()):
            report(_sentence(rule, finding), finding.urn)

    return validate


def _sentence(rule: Rule, finding: Finding) -> str:
    name = finding.urn.rpartition("::")[2]
    return f"{name} {finding.message}. {rule.reason}\n{rule.mend} {rule.source}"
