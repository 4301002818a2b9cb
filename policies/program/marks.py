"""Lets rules see which values are marked secret, and nothing of what they are.

The engine tells policies (https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto) by a signature
around the value; the SDK takes that off before a policy looks.
"""

from __future__ import annotations

from typing import Any, Final

from pulumi_policy import deserialize, policy

SECRET: Final = "[secret]"
"""What a rule sees of a value that is marked, as Pulumi itself shows it."""


def keep() -> None:
    """Let the SDK give policies `SECRET` instead of what is marked."""
    read = deserialize.deserialize_properties

    def read_with_marks(properties: dict[str, Any], *more: Any) -> Any:
        return read(masked(properties), *more)

    policy.deserialize_properties = read_with_marks


def masked(value: Any) -> Any:
    """The same properties, as the engine sends them, with `SECRET` instead of what is marked."""
    if isinstance(value, dict):
        if value.get(deserialize.SPECIAL_SIG_KEY) == deserialize.SPECIAL_SECRET_SIG:
            return SECRET
        return {name: masked(inner) for name, inner in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value
