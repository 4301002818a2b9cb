"""How the controllers on the management cluster run: for how many clusters, how often, from which registry."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from infra.setting_group import SettingGroup
from infra.values import matching

FleetSize = Literal[10, 100, 1000]
"""The sizes that management_cluster/sizes.py has numbers for."""


def _whole(value: Any) -> Any:
    """Pulumi hands a number over as text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


_HOST: Final = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?"

ImageRegistry = Annotated[
    str,
    AfterValidator(
        matching(
            rf"{_HOST}(?:/[a-z0-9._-]+)*",
            "is not a registry's address",
            'Write it without https://, such as "mirror.azurecr.io"',
        )
    ),
]


class ControllerSettings(SettingGroup):
    """How the controllers run: for how many clusters, in how many replicas, from which registry."""

    fleet_size: Annotated[FleetSize, BeforeValidator(_whole)] = 100
    controller_replicas: int = Field(default=2, ge=1, le=3)
    image_registry: ImageRegistry | None = None
