"""Whose a resource is: every resource of a component that can have tags says so."""

from __future__ import annotations

from typing import Any

import pulumi

MANAGED_BY = "slipway"


def says_whose_it_is(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Adds the tags that the policy `tags` asks for to those that the resource has.

    https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-tagging
    """
    if "tags" not in given.props:
        return None
    own: Any = given.props["tags"] or {}
    tags = {"managed-by": MANAGED_BY, "stack": pulumi.get_stack(), **own}
    return pulumi.ResourceTransformationResult({**given.props, "tags": tags}, given.opts)
