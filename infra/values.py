"""The kinds of values settings have: what each accepts, and the words in which a wrong one is explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError
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


def cidr(example: str) -> Callable[[Any], IPv4Network]:
    """How a range is read; `example` is one of its kind, for whoever wrote something else."""

    def read(value: Any) -> IPv4Network:
        try:
            return IPv4Network(value)
        except (AddressValueError, NetmaskValueError):
            rule = "is a range of IPv6, not of IPv4" if _is_ipv6(str(value)) else "is not an IPv4 range"
            raise wrong(rule, f'Write it as "{example}"') from None
        except ValueError:
            inside = IPv4Network(value, strict=False)
            raise wrong("has address bits behind the prefix", f'Write "{inside}" if that range is meant') from None

    return read


def _is_ipv6(value: str) -> bool:
    try:
        return IPv6Network(value, strict=False).version == 6
    except ValueError:
        return False


def _between(largest: int, smallest: int, source: str) -> Callable[[IPv4Network], IPv4Network]:
    def check(network: IPv4Network) -> IPv4Network:
        if not largest <= network.prefixlen <= smallest:
            raise wrong(f"must be a range from /{largest} to /{smallest} ({source})", "Choose another prefix length")
        return network

    return check


def _git_url(value: str) -> str:
    if found := _SCP.fullmatch(value):
        path = f"{found['host']}/{found['path']}"
        mend = f'Write "ssh://{found["user"]}@{path}" with slipway:gitAuth deployKey, "https://{path}" with any other'
        raise wrong("is written as for scp, not as a URL", mend)
    try:
        url = urlsplit(value)
        usable = url.scheme in ("https", "ssh") and bool(url.hostname) and len(url.path) > 1
    except ValueError:
        usable = False
    if not usable:
        raise wrong(
            "is not the address of a Git repository",
            'Write it as "https://host/fleet.git", or "ssh://git@host/fleet.git" with slipway:gitAuth deployKey',
        )
    if url.password or (url.username and url.scheme == "https"):
        raise wrong("has a user or password in it", "Set slipway:gitUsername and slipway:gitPassword instead")
    return value


def _moment(value: str) -> str:
    """Read as pipelines/expiry.py reads it."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise wrong(
            "is neither a date nor a time of ISO 8601", "Write it as 2026-12-24, or 2026-12-24T18:00Z"
        ) from None
    return value


_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^\s:@/][^\s:@]*)", re.ASCII)
"""The short form that `git clone` takes as well: https://git-scm.com/docs/git-clone#URLS"""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


def guid(mend: str) -> AfterValidator:
    """A GUID; `mend` says where the right one is found."""
    return AfterValidator(matching(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "is not a GUID", mend))


Guid = Annotated[str, guid("`az account show` prints the right one")]
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
_RANGE = BeforeValidator(cidr("10.224.0.0/16"))
Cidr = Annotated[IPv4Network, _RANGE, AfterValidator(_between(8, 29, "Azure's virtual networks"))]
ServiceCidr = Annotated[IPv4Network, _RANGE, AfterValidator(_between(12, 28, "AKS's service range"))]
ApiServerCidr = Annotated[IPv4Network, _RANGE, AfterValidator(_between(8, 28, "the API server's subnet"))]
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
Moment = Annotated[str, AfterValidator(_moment)]
DomainName = Annotated[
    str,
    AfterValidator(matching(rf"{_LABEL}(?:\.{_LABEL})*", "is not a domain name", 'Write it as "fleet.example.com"')),
]

_STANDARD = {
    "string_type": ("is not a text", "Write it in quotes"),
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
    item = "".join(f"[{where}]" for where in detail["loc"][1:2])
    if detail["type"] == "setting":
        rule, mend = str(context["rule"]), str(context["mend"])
    else:
        rule, mend = _STANDARD.get(detail["type"], (detail["msg"], "See docs/settings.md for what it takes"))
        rule, mend = rule.format(**context), mend.format(**context)
    nothing = detail["type"] == "missing" or detail["input"] in ("", None)
    shown = None if nothing or is_secret(key) else str(detail["input"])
    return Problem(key + item, shown, rule, mend)
