"""What is looked for in the text of every file: secrets in clear, and a policy annotation with a typo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from fleet import credentials
from fleet.rendering.safe_yaml import position
from fleet.validation.finding import Finding
from fleet.validation.objects import Sources
from fleet.validation.source import Source

POLICIES: Final = ("manage", "skip", "detach-on-delete")
"""https://azure.github.io/azure-service-operator/guide/annotations/#serviceoperatorazurecomreconcile-policy"""

_POLICY: Final = re.compile(r"serviceoperator\.azure\.com/reconcile-policy[\"']?: *[\"']?([^\s\"'#,}]+)")
NO_SECRETS: Final = {"AUTH_MODE"}
"""Keys of Secrets whose values are words of a manual, here of Azure Service Operator's credentials."""


def check(sources: Sources) -> Iterator[Finding]:
    """All files."""
    for source in sources.values():
        if "reconcile-policy" in source.text:
            yield from _policies(source)
        for start, what in credentials.find(source.text):
            line, column = position(source.text, start)
            yield Finding(source.file, line, column, "secret", "", "", f"{what} in clear", MEND)
        if "Secret" in source.text:
            for number, document in enumerate(source.documents):
                yield from _secret(source, number, document)
        if "secretGenerator" in source.text:
            yield from _generators(source)


MEND: Final = "Revoke it, since history keeps it; let the External Secrets operator, SOPS or the program bring it"


def _policies(source: Source) -> Iterator[Finding]:
    for match in _POLICY.finditer(source.text):
        value = match[1]
        if value not in POLICIES and not value.startswith(("{{", "${")):
            line, column = position(source.text, match.start(1))
            message = "Azure Service Operator would take this for manage, and delete in Azure what is deleted here"
            mend = f"Write {', '.join(POLICIES[:2])} or {POLICIES[2]}"
            field = "serviceoperator.azure.com/reconcile-policy"
            yield Finding(source.file, line, column, "reconcile-policy", field, value, message, mend)


def _secret(source: Source, number: int, document: Any) -> Iterator[Finding]:
    if not isinstance(document, dict) or document.get("kind") != "Secret" or "sops" in document:
        return
    for part in ("data", "stringData"):
        for key, value in (document.get(part) or {}).items() if isinstance(document.get(part), dict) else ():
            if value and key not in NO_SECRETS and "${" not in str(value):
                yield source.finding(number, (part, key), "secret", "a Secret's value in clear", MEND)


def _generators(source: Source) -> Iterator[Finding]:
    for number, document in enumerate(source.documents):
        generators = document.get("secretGenerator") if isinstance(document, dict) else None
        for index, each in enumerate(generators if isinstance(generators, list) else []):
            if isinstance(each, dict) and (each.get("literals") or each.get("files") or each.get("envs")):
                yield source.finding(number, ("secretGenerator", index), "secret", "a Secret of what is in clear", MEND)
