"""What `pulumi destroy` does about the fleet before it deletes anything: refuse, drain or detach."""

from __future__ import annotations

from typing import Final

SETTING: Final = "slipway:teardown"
"""Of a stack: one of these words."""

CHOICE: Final = "SLIPWAY_TEARDOWN"
"""The environment variable that goes before it."""
