"""The kinds of values settings have: what each accepts, and the words in which a wrong one is explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import ErrorDetails, PydanticCustomError

from infra import naming
from infra.problems import Problem
from infra.regions import REGIONS, similar
from infra.setting_group import config_key


def wrong(rule: str, mend: str) -> PydanticCustomError:
    """The error by which a validator says which rule a value breaks and how to mend it."""
    # The parts are given as context: braces in a value must not be taken for fields of the template.
    return PydanticCustomError("setting", "{rule}", {"rule": rule, "mend": mend})


def matching(pattern: str, rule: str, mend: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise wrong(rule, mend)
        return value

    return check


def _region(value: str) -> str:
    if value not in REGIONS:
        near = similar(value)
        raise wrong(
            "is not a region of Azure", f'Did you mean "{near}"?' if near else "Try `az account list-locations`"
        )
    return value


def _cluster_name(value: str) -> str:
    try:
        return naming.management_cluster(value)
    except naming.InvalidName as error:
        raise wrong(str(error).partition("; ")[2] or str(error).partition(": ")[2], "Set slipway:name") from None


def cidr(value: Any) -> IPv4Network:
    try:
        return IPv4Network(value)
    except (AddressValueError, NetmaskValueError):
        raise wrong("is not an IPv4 range", 'Write it as "10.224.0.0/16"') from None
    except ValueError:
        inside = IPv4Network(value, strict=False)
        raise wrong("has address bits behind the prefix", f'Write "{inside}" if that range is meant') from None


def _between(largest: int, smallest: int, source: str) -> Callable[[IPv4Network], IPv4Network]:
    def check(network: IPv4Network) -> IPv4Network:
        if not largest <= network.prefixlen <= smallest:
            raise wrong(f"must be a range from /{largest} to /{smallest} ({source})", "Choose another prefix length")
        return network

    return check


def _git_url(value: str) -> str:
    try:
        url = urlsplit(value)
        usable = url.scheme in ("https", "ssh") and bool(url.hostname) and len(url.path) > 1
    except ValueError:
        usable = False
    if not usable:
        raise wrong("is not the https address of a Git repository", 'Write it as "https://host/fleet.git"')
    if url.password or (url.username and url.scheme == "https"):
        raise wrong("has a user or password in it", "Set slipway:gitUsername and slipway:gitPassword instead")
    return value


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise wrong("is not an absolute path", "Write it from / on")
    return value


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

Guid = Annotated[
    str,
    AfterValidator(
        matching(
            r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
            "is not a GUID",
            "`az account show` prints the right one",
        )
    ),
]
Region = Annotated[str, AfterValidator(_region)]
ClusterName = Annotated[str, AfterValidator(_cluster_name)]
ReleaseVersion = Annotated[
    str,
    AfterValidator(
        matching(
            r"v\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?", "is not a release's version", "Write it as its tag, such as v1.12.8"
        )
    ),
]
Duration = Annotated[
    str, AfterValidator(matching(r"[1-9]\d*[smh]", "is not a duration", "Write a number with s, m or h, such as 15m"))
]
VmSize = Annotated[
    str,
    AfterValidator(matching(r"Standard_[A-Za-z]+\w+", "is not a VM size", "Try `az vm list-skus --location REGION`")),
]
Cidr = Annotated[IPv4Network, BeforeValidator(cidr), AfterValidator(_between(8, 29, "Azure's virtual networks"))]
ServiceCidr = Annotated[IPv4Network, BeforeValidator(cidr), AfterValidator(_between(12, 28, "AKS's service range"))]
ApiServerCidr = Annotated[
    IPv4Network, BeforeValidator(cidr), AfterValidator(_between(8, 28, "the API server's subnet"))
]
"""https://learn.microsoft.com/azure/aks/api-server-vnet-integration"""

GitUrl = Annotated[str, AfterValidator(_git_url)]
HttpsUrl = Annotated[
    str,
    AfterValidator(
        matching(r"https://[^\s/@?#]+(?:/[^\s@?#]*[^\s@?#/])?", "is not an https address", "End it without a /")
    ),
]
BranchName = Annotated[
    str,
    AfterValidator(
        matching(r"(?!.*(?:\.\.|//|@\{|\.lock$))\w[\w./-]*(?<![./])", "is not a branch's name", 'Write it as "main"')
    ),
]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
DomainName = Annotated[
    str,
    AfterValidator(matching(rf"{_LABEL}(?:\.{_LABEL})*", "is not a domain name", 'Write it as "fleet.example.com"')),
]

_STANDARD = {
    "missing": ("is not set", "`pulumi config set {key} VALUE`"),
    "int_parsing": ("is not a whole number", "Write digits only"),
    "bool_parsing": ("is neither true nor false", "Write true or false"),
    "greater_than_equal": ("must be at least {ge}", "Choose a larger number"),
    "less_than_equal": ("must be at most {le}", "Choose a smaller number"),
    "literal_error": ("must be {expected}", "Choose one of these"),
}


def is_secret(key: str) -> bool:
    """Whether a config key's value is a credential: it is encrypted in a stack's file, and never shown."""
    return key.endswith(("Password", "PrivateKey"))


def explain(detail: ErrorDetails) -> Problem:
    """A validation error of pydantic, in words for the person who wrote the stack's file."""
    key = str(detail["loc"][0])
    if ":" not in key:  # a default, which is named by its field
        key = config_key(key)
    context = {"key": key, **detail.get("ctx", {})}
    if detail["type"] == "setting":
        rule, mend = str(context["rule"]), str(context["mend"])
    else:
        rule, mend = _STANDARD.get(detail["type"], (detail["msg"], "See docs/settings.md for what it takes"))
        rule, mend = rule.format(**context), mend.format(**context)
    nothing = detail["type"] == "missing" or detail["input"] in ("", None)
    shown = None if nothing or is_secret(key) else str(detail["input"])
    return Problem(key, shown, rule, mend)
