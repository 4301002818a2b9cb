"""Names for resources that the program left unnamed, chosen as the real provider chooses them.

https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming and, for which type gets which kind of name,
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/resources/resources.go (AutoNamer).
"""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from enum import Enum

from local_azure.azure_native.table import Resource

UUID_NAMES = frozenset({"roleAssignmentName", "roleDefinitionId"})


class Kind(Enum):
    """`RANDOM` adds eight hex digits, so that a replacement can exist beside what it replaces; `COPY` adds nothing."""

    RANDOM = "random"
    COPY = "copy"
    UUID = "uuid"


class Mode(Enum):
    """What the stack's `pulumi:autonaming` asks for."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Wish:
    """The engine's say in naming: the name it proposes, and how much it insists."""

    mode: Mode
    name: str


def kind_of(resource: Resource) -> Kind:
    """Children are named within their parent, so a copy will do; role assignments are UUIDs in Azure."""
    if resource.name_parameter in UUID_NAMES:
        return Kind.UUID
    own_path = resource.path.lower().split("microsoft.")[-1]
    nested = "microsoft." in resource.path.lower() and own_path.count("{") > 1
    return Kind.COPY if nested else Kind.RANDOM


def choose(resource: Resource, logical_name: str, seed: bytes, wish: Wish | None) -> tuple[str, bool] | None:
    """The name, and whether it is unique, so that a replacement can be created first; None where naming is switched
    off.
    """
    kind = kind_of(resource)
    if wish is not None:
        if wish.mode is Mode.DISABLE:
            return None
        if wish.mode is Mode.ENFORCE or kind is not Kind.UUID:
            return wish.name, True
    digits = _hex_digits(seed, resource.token, logical_name)
    match kind:
        case Kind.RANDOM:
            return logical_name + digits[:8], True
        case Kind.UUID:
            return str(uuid.UUID(digits[:32])), True
        case Kind.COPY:
            return logical_name, False


def _hex_digits(seed: bytes, token: str, logical_name: str) -> str:
    """The engine's seed makes the name the same in preview and update; without one it is random."""
    return hashlib.sha256((seed or os.urandom(32)) + f"{token}/{logical_name}".encode()).hexdigest()
