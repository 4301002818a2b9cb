"""One reason why a pull request must not be merged as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHOWN: Final = 3
"""Things that are named; of more, the number."""


@dataclass(frozen=True)
class Refusal:
    """One reason.

    Attributes:
        rule: its short name, the same for the same reason.
        what: what is wrong, where.
        mend: what to do instead.
        source: where the rule is written; may be empty.
    """

    rule: str
    what: str
    mend: str
    source: str = ""


def names(found: list[str]) -> str:
    """Some of them, and how many there are besides."""
    shown = ", ".join(found[:SHOWN])
    return f"{shown} and {len(found) - SHOWN} more" if len(found) > SHOWN else shown
