"""All rules, in the order in which the documentation lists them."""

from __future__ import annotations

from typing import Final

from policies.program import api_server, availability, credentials, housekeeping, identity, ownership
from policies.program.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *ownership.RULES,
    *api_server.RULES,
    *identity.RULES,
    *availability.RULES,
    *housekeeping.RULES,
    *credentials.RULES,
)
