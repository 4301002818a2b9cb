"""Under which other names Pulumi looks for a resource in the state: former ones of ours, no types of an API version.

azure-native gives every resource an alias for each API version that its type ever had, for programs that named one.
This program names none; yet all those URNs, over a hundred for an AKS cluster, would be worked out in each preview,
which then takes half as long again.
"""

from __future__ import annotations

import re
from typing import Final

import pulumi

OF_A_VERSION: Final = re.compile(r"azure-native:[a-z0-9]+/v\d{8}[a-z]*:")
"""Such as azure-native:network/v20240501:Subnet. Those of a type that was renamed have no version, and are kept."""


def formerly_below(parent: str) -> pulumi.Alias:
    """Says where a resource was in stacks of an earlier program, which are to keep it.

    Args:
        parent: types and name as at the end of a URN, such as slipway:flux:Flux::flux.
    """
    return pulumi.Alias(parent=f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{parent}")


def without_versions(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Leaves away those of API versions."""
    given.opts.aliases = [each for each in given.opts.aliases or [] if not _of_a_version(each)]
    return pulumi.ResourceTransformationResult(given.props, given.opts)


def _of_a_version(alias: pulumi.Input[str | pulumi.Alias]) -> bool:
    return isinstance(alias, pulumi.Alias) and isinstance(alias.type_, str) and bool(OF_A_VERSION.match(alias.type_))
