"""How a wrong setting is reported: key, value, the rule it breaks, how to mend it; all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One setting that cannot be used.

    Attributes:
        key: full config key, e.g. `slipway:podCidr`.
        value: the value as given; None when it is missing or a secret, and then not shown.
        rule: what the value has to be, e.g. "must not overlap slipway:vnetCidr (10.224.0.0/16)".
        mend: what to do.
    """

    key: str
    value: str | None
    rule: str
    mend: str

    def __str__(self) -> str:
        shown = self.key if self.value is None else f'{self.key} = "{self.value}"'
        return f"{shown}: {self.rule}. {self.mend}{'' if self.mend.endswith('?') else '.'}"


class SettingsError(Exception):
    """Every problem of a stack's settings, one a line."""

    def __init__(self, stack: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 setting" if len(problems) == 1 else f"{len(problems)} settings"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{count} of the stack {stack} cannot be used; nothing was created:{lines}")
