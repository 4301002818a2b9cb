"""What was found: for people, for programs, and as SARIF for code scanning."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from fleet.validation.check import Result
from fleet.validation.finding import RULES

SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def text(result: Result) -> str:
    """One finding after the other, and how many."""
    lines = [str(each) for each in result.findings]
    files = len({each.file for each in result.findings})
    count = len(result.findings)
    told = f"{count} mistake{'s' * (count != 1)} in {files} file{'s' * (files != 1)}" if count else "No mistakes"
    lines.append(f"{told}: {result.files} files, {result.clusters} clusters rendered, {result.seconds:.1f} s")
    if result.undecided:
        lines.append(f"Only a cluster can evaluate the policies {', '.join(result.undecided)}")
    return "\n".join(lines)


def as_json(result: Result) -> str:
    """All of it, for programs."""
    return json.dumps({**asdict(result), "valid": not result.findings}, indent=2)


def sarif(result: Result) -> str:
    """SARIF 2.1.0. https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning"""
    rules = [{"id": rule, "shortDescription": {"text": demand}} for rule, demand in RULES.items()]
    results: list[dict[str, Any]] = [
        {
            "ruleId": each.rule,
            "level": "error",
            "message": {"text": f"{each.field + ': ' if each.field else ''}{each.message}. {each.mend}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(each.file)},
                        "region": {"startLine": each.line, "startColumn": each.column},
                    }
                }
            ],
        }
        for each in result.findings
    ]
    driver = {"name": "slipway fleet validate", "rules": rules}
    return json.dumps(
        {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]},
        indent=2,
    )
