"""The tags that a stack gives to all its resources in Azure, beside those of the program: what Azure takes as one.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from infra.problems import Problem
from infra.values import matching, wrong

MOST: Final = 13
"""A private DNS zone takes 15, AKS gives it those of the cluster, and two are the program's."""

OURS: Final = ("managed-by", "stack", "slipway-expires")
"""Names that the program gives: infra/tags.py."""


def _mapped(value: Any) -> Any:
    """Pulumi hands a mapping over as JSON, in which 42 is a number unless it was in quotes; here it is a text."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        raise wrong("is not a mapping", "Write each tag on a line of its own, as name: value")
    return {name: str(each) if type(each) in (int, float) else each for name, each in found.items()}


_Name = Annotated[
    str,
    AfterValidator(
        matching(
            r"(?!(?i:microsoft|azure|windows))[^<>%&\\?/]{1,512}",
            "is not a tag's name: up to 512 characters but <>%&\\?/, not beginning with microsoft, azure or windows",
            "Choose another one",
        )
    ),
]
_Value = Annotated[
    str, AfterValidator(matching(r"(?s:.{0,256})", "is longer than 256 characters", "Choose a shorter one"))
]
Tags = Annotated[dict[_Name, _Value], BeforeValidator(_mapped)]


def unusable(key: str, tags: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with tags that are each valid; Azure takes names for the same whatever their case.

    Args:
        key: of the setting.
    """
    names = [each.lower() for each in tags]
    for name, value in tags.items():
        if name.lower() in OURS:
            yield Problem(f"{key}[{name}]", value, "is given by the program", "Choose another name")
        elif names.count(name.lower()) > 1:
            yield Problem(f"{key}[{name}]", value, "is there more than once", "Write it once; case does not count")
    if len(tags) > MOST:
        yield Problem(
            key, f"{len(tags)} tags", f"are more than {MOST}, with which Azure takes them everywhere", "Choose"
        )
