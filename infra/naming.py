"""Names of Azure resources: Microsoft's abbreviations in front, Azure's limits checked. Pure functions.

Abbreviations: https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
Limits: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


class InvalidName(ValueError):
    """Azure would refuse this name; the message says which rule it breaks."""


@dataclass(frozen=True)
class NameRule:
    """What Azure accepts as the name of one kind of resource.

    Attributes:
        kind: the resource, for messages.
        abbreviation: put in front, with a hyphen; may be empty.
        shortest, longest: length in characters, both included.
        pattern: the whole name matches it.
        described: the pattern in words.
    """

    kind: str
    abbreviation: str
    shortest: int
    longest: int
    pattern: str
    described: str

    def name(self, *parts: str) -> str:
        """The parts joined by hyphens behind the abbreviation.

        Raises:
            InvalidName: the result breaks this rule.
        """
        name = "-".join(part for part in (self.abbreviation, *parts) if part)
        if not self.shortest <= len(name) <= self.longest:
            raise InvalidName(
                f"{self.kind} name {name!r} has {len(name)} characters; Azure takes {self.shortest} to {self.longest}"
            )
        if not re.fullmatch(self.pattern, name, re.ASCII):
            raise InvalidName(f"{self.kind} name {name!r}: Azure takes {self.described}")
        return name


_WORD = r"[a-zA-Z0-9_]"
_WORDS = "letters, digits, '_' and '-', a letter or digit at both ends"

MANAGEMENT_CLUSTER: Final = NameRule(
    "management cluster", "", 2, 40, r"[a-z][a-z0-9-]*[a-z0-9]", "lower-case letters, digits and '-', a letter first"
)
"""The name a stack gives its management cluster. Narrow enough that every name derived from it is within its limits."""

RESOURCE_GROUP: Final = NameRule(
    "resource group", "rg", 1, 90, r"[\w().-]*[\w()-]", "letters, digits, '_', '-', '.', '()', no '.' at the end"
)
NODE_RESOURCE_GROUP: Final = NameRule(
    "node resource group", "rg", 1, 80, RESOURCE_GROUP.pattern, RESOURCE_GROUP.described
)
"""AKS allows fewer characters than a resource group has: https://learn.microsoft.com/azure/aks/faq"""

VIRTUAL_NETWORK: Final = NameRule(
    "virtual network",
    "vnet",
    2,
    64,
    rf"[a-zA-Z0-9][\w.-]*{_WORD}",
    "letters, digits, '_', '.', '-', a letter or digit first",
)
SUBNET: Final = NameRule("subnet", "snet", 1, 80, VIRTUAL_NETWORK.pattern, VIRTUAL_NETWORK.described)
SECURITY_GROUP: Final = NameRule(
    "network security group", "nsg", 1, 80, VIRTUAL_NETWORK.pattern, VIRTUAL_NETWORK.described
)
NAT_GATEWAY: Final = NameRule("NAT gateway", "ng", 1, 80, VIRTUAL_NETWORK.pattern, VIRTUAL_NETWORK.described)
PUBLIC_ADDRESS: Final = NameRule("public IP address", "pip", 1, 80, NAT_GATEWAY.pattern, NAT_GATEWAY.described)
IDENTITY: Final = NameRule("user-assigned identity", "id", 3, 128, r"[a-zA-Z0-9][\w-]*", "letters, digits, '_' and '-'")
FEDERATED_CREDENTIAL: Final = NameRule("federated credential", "", 3, 120, IDENTITY.pattern, IDENTITY.described)
AKS: Final = NameRule("AKS cluster", "aks", 1, 63, r"[a-zA-Z0-9](?:[\w-]*[a-zA-Z0-9])?", _WORDS)
DNS_PREFIX: Final = NameRule(
    "AKS DNS prefix",
    "",
    1,
    54,
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?",
    "letters, digits and '-', no '-' at the ends",
)
AGENT_POOL: Final = NameRule(
    "Linux agent pool", "", 1, 12, r"[a-z][a-z0-9]*", "lower-case letters and digits, a letter first"
)

LOCK: Final = NameRule("lock", "lock", 1, 90, RESOURCE_GROUP.pattern, RESOURCE_GROUP.described)
"""Microsoft has no abbreviation for it."""

DIAGNOSTIC_SETTING: Final = NameRule(
    "diagnostic setting", "diag", 1, 260, r"[^*<>%&?\\/:+]*[^*<>%&?\\/:+. ]", "all but <>*%&:\\?+/, no '.' at the end"
)
"""Microsoft has no abbreviation for it either."""

DATA_COLLECTION_ENDPOINT: Final = NameRule(
    "data collection endpoint",
    "dce",
    3,
    44,
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?",
    "letters, digits and '-', no '-' at the ends",
)
DATA_COLLECTION_RULE: Final = NameRule("data collection rule", "dcr", 1, 64, IDENTITY.pattern, IDENTITY.described)


def management_cluster(name: str) -> str:
    """`name` itself, when every other name can be made from it."""
    return MANAGEMENT_CLUSTER.name(name)


def resource_group(name: str) -> str:
    """The resource group of the management cluster `name`, e.g. `rg-dev`."""
    return RESOURCE_GROUP.name(name)


def node_resource_group(name: str) -> str:
    """The resource group in which AKS keeps the nodes, e.g. `rg-dev-nodes`."""
    return NODE_RESOURCE_GROUP.name(name, "nodes")


def virtual_network(name: str) -> str:
    """E.g. `vnet-dev`."""
    return VIRTUAL_NETWORK.name(name)


def subnet(name: str, purpose: str) -> str:
    """E.g. `snet-dev-nodes`."""
    return SUBNET.name(name, purpose)


def security_group(name: str, purpose: str) -> str:
    """E.g. `nsg-dev-nodes`."""
    return SECURITY_GROUP.name(name, purpose)


def nat_gateway(name: str) -> str:
    """E.g. `ng-dev`."""
    return NAT_GATEWAY.name(name)


def public_address(name: str, purpose: str) -> str:
    """E.g. `pip-dev-egress`."""
    return PUBLIC_ADDRESS.name(name, purpose)


def identity(name: str, purpose: str) -> str:
    """E.g. `id-dev-capz`."""
    return IDENTITY.name(name, purpose)


def federated_credential(namespace: str, service_account: str) -> str:
    """E.g. `capz-system-capz-manager`."""
    return FEDERATED_CREDENTIAL.name(namespace, service_account)


def aks(name: str) -> str:
    """E.g. `aks-dev`."""
    return AKS.name(name)


def dns_prefix(name: str) -> str:
    """The first label of the API server's host name, e.g. `dev`."""
    return DNS_PREFIX.name(name)


def agent_pool(name: str) -> str:
    """`name` itself, within the limits of Linux pools."""
    return AGENT_POOL.name(name)


def lock(name: str) -> str:
    """E.g. `lock-dev`."""
    return LOCK.name(name)


def diagnostic_setting(name: str) -> str:
    """E.g. `diag-dev`."""
    return DIAGNOSTIC_SETTING.name(name)


def data_collection_endpoint(name: str) -> str:
    """E.g. `dce-dev`."""
    return DATA_COLLECTION_ENDPOINT.name(name)


def data_collection_rule(name: str) -> str:
    """E.g. `dcr-dev`; its association with the cluster has the same name."""
    return DATA_COLLECTION_RULE.name(name)
