"""No credential lies open: not in Pulumi's state and previews, and not in the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from fleet import credentials
from policies.program.marks import SECRET
from policies.program.rule import Finding, Resource, Rule

TELLING: Final = re.compile(
    r"(passw(or)?d|passphrase|secret|token|(api|client|private|access|account|shared)[-_]?key|connection[-_]?string"
    r"|kubeconfig|dockerconfigjson)([-_]?data)?$",
    re.IGNORECASE,
)
"""How the names of credentials end; secretName and tokenExpiration are none."""


def _unmarked(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        for path, value in _texts(each.properties):
            what = next((what for _, what in credentials.find(value)), "")
            if what:
                yield Finding(each.urn, f"has {what} in {path}, which is not marked secret")
            elif value not in ("", SECRET) and TELLING.search(path):
                yield Finding(each.urn, f"has {path}, which is not marked secret")


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts that are known by now, by their path; an environment variable by its name."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        name = _known(value, "name")
        for key in value:
            called = name if key == "value" and name and isinstance(name, str) else key
            yield from _texts(_known(value, key), f"{path}.{called}".strip("."))
    elif isinstance(value, Sequence):
        for number in range(len(value)):
            yield from _texts(_known(value, number), f"{path}[{number}]")


def _known(values: Any, key: str | int) -> Any:
    """None where there is nothing, or Azure has not told it yet: whether that is marked, nobody can know either."""
    try:
        return values[key]
    except (UnknownValueError, KeyError):
        return None


def _in_config_maps(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        data = each.at("data", {})
        if data == SECRET:
            yield Finding(each.urn, "has secrets where everybody who may read the namespace reads them")
            continue
        for name in data:
            value = _known(data, name)
            if value == SECRET or TELLING.search(name) or any(credentials.find(str(value or ""))):
                yield Finding(each.urn, f"has {name} where everybody who may read the namespace reads it")


def _pushing_agents(resources: Sequence[Resource], _: Mapping[str, Any]) -> Iterator[Finding]:
    for each in resources:
        if each.at("metadata.annotations", {}).get(credentials.PUSHES):
            yield Finding(each.urn, "hands every workload cluster a credential that can push to the fleet repository")


RULES = (
    Rule(
        id="secrets-marked",
        says="What is a credential, by its name or by its form, is marked secret.",
        severity="critical",
        reason="What is not marked lies open in Pulumi's state, in previews, and in comments on pull requests.",
        mend="Wrap it by `pulumi.Output.secret`, or set it by `pulumi config set --secret`.",
        source="https://www.pulumi.com/docs/iac/concepts/secrets/",
        check=_unmarked,
    ),
    Rule(
        id="no-open-secrets",
        says="No credential lies in a ConfigMap, marked or not.",
        severity="critical",
        reason="A ConfigMap is readable in the cluster, and no encryption at rest is meant for it.",
        mend="Put it into a Secret.",
        source="https://learn.microsoft.com/azure/aks/developer-best-practices-pod-security",
        check=_in_config_maps,
        of=("kubernetes:core/v1:ConfigMap",),
    ),
    Rule(
        id="agents-only-read",
        says="Workload clusters hold a credential that only reads the fleet repository.",
        severity="high",
        reason="Else whoever administers any workload cluster changes what runs on all of them.",
        mend="Set slipway:gitReaderPassword, or with a deploy key slipway:gitReaderPrivateKey.",
        source="https://fluxcd.io/flux/installation/bootstrap/github/",
        check=_pushing_agents,
        of=("kubernetes:core/v1:Secret",),
    ),
)
