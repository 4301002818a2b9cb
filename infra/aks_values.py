"""The kinds of values that settings of AKS have, and lists."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from infra.fleet_roles import TeamResource
from infra.values import cidr, guid, matching, wrong

MOST_NODES: Final = 1000
"""Of a pool: https://learn.microsoft.com/azure/aks/quotas-skus-regions"""

FIRST_MINOR: Final = 36
"""Of Kubernetes: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/"""


class NodeRange(NamedTuple):
    """How many nodes a pool has; where the ends differ, AKS chooses by load."""

    least: int
    most: int

    @property
    def autoscaled(self) -> bool:
        """Whether AKS chooses."""
        return self.most > self.least


def _node_range(value: Any) -> NodeRange:
    if isinstance(value, NodeRange):
        return value
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(value), re.ASCII)
    if not found:
        raise wrong("is not a number of nodes", 'Write "3", or "3-5" for AKS to choose by load')
    least, most = int(found[1]), int(found[2] or found[1])
    if not 1 <= least <= most <= MOST_NODES:
        raise wrong(f"must be from 1 to {MOST_NODES}, the smaller number first", 'Write "3", or "3-5"')
    return NodeRange(least, most)


def _listed(value: Any) -> Any:
    """Pulumi hands a list over as JSON, in which 1 is a number unless it was written in quotes; here it is a text."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, list | tuple):
        raise wrong("is not a list", "Write each value on a line of its own, with a hyphen in front")
    return tuple(str(each) if type(each) in (int, float) else each for each in found)


def _recent(version: str) -> str:
    if int(version.split(".")[1]) < FIRST_MINOR:
        raise wrong(
            f"must be at least 1.{FIRST_MINOR}, since the guards need MutatingAdmissionPolicy", "Choose a newer one"
        )
    return version


AksVersion = Annotated[
    str,
    AfterValidator(
        matching(
            r"1\.\d{1,2}(?:\.\d{1,2})?",
            "is not a Kubernetes version",
            "Write two numbers such as 1.36, of which AKS keeps the patches current, or three to stay at one",
        )
    ),
    AfterValidator(_recent),
]
"""https://learn.microsoft.com/azure/aks/supported-kubernetes-versions#alias-minor-version"""

NodeCount = Annotated[NodeRange, BeforeValidator(_node_range)]
Zones = Annotated[tuple[Literal["1", "2", "3"], ...], BeforeValidator(_listed)]
"""https://learn.microsoft.com/azure/reliability/availability-zones-overview"""

PublicRanges = Annotated[
    tuple[Annotated[IPv4Network, BeforeValidator(cidr("203.0.113.0/24"))], ...], BeforeValidator(_listed)
]
PeerRanges = Annotated[
    tuple[Annotated[IPv4Network, BeforeValidator(cidr("10.8.0.0/14"))], ...], BeforeValidator(_listed)
]
Groups = Annotated[
    tuple[Annotated[str, guid("`az ad group show --group NAME --query id` prints it")], ...], BeforeValidator(_listed)
]
Subscriptions = Annotated[
    tuple[Annotated[str, guid("`az account list --query [].id` prints those there are")], ...],
    BeforeValidator(_listed),
]
TeamResources = Annotated[tuple[TeamResource, ...], BeforeValidator(_listed)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Hour = Annotated[int, Field(ge=0, le=23)]
