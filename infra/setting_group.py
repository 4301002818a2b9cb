"""What every group of settings is: a frozen model whose fields are named by their full config key."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from infra.problems import Problem

NAMESPACE = "slipway"


def config_key(field: str) -> str:
    """The config key of a field: `pod_cidr` is `slipway:podCidr`."""
    return f"{NAMESPACE}:{to_camel(field)}"


class SettingGroup(BaseModel):
    """Settings that belong together; keys that no field has are refused."""

    model_config = ConfigDict(frozen=True, alias_generator=config_key, extra="forbid", validate_default=True)

    @classmethod
    def config_keys(cls) -> set[str]:
        """The config keys of this group."""
        return {field.alias or name for name, field in cls.model_fields.items()}

    def problems(self) -> Iterator[Problem]:
        """What is wrong between settings that are each valid."""
        yield from ()

    def warnings(self) -> Iterator[str]:
        """What is allowed, and probably not meant."""
        yield from ()
