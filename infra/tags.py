"""Whose a resource is: every resource of a component that can have tags says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

MANAGED_BY = "slipway"


def all_tags(own: Mapping[str, str]) -> dict[str, str]:
    """A stack's own tags, and over them those that the policy `tags` asks for.

    https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-tagging
    """
    return {**own, "managed-by": MANAGED_BY, "stack": pulumi.get_stack()}


def tagging(own: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """Adds these to the tags that a resource has for itself."""

    def transform(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if "tags" not in given.props:
            return None
        special: Any = given.props["tags"] or {}
        tags: Any = {**all_tags(own), **special}
        return pulumi.ResourceTransformationResult({**given.props, "tags": tags}, given.opts)

    return transform
