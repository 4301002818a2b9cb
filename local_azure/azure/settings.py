"""What can be set while the simulator runs: how long operations take, and how often clients should ask."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from local_azure.azure.store import Store

DOCUMENT = "settings"


class Durations(BaseModel):
    """The least time operations on a resource type take, in seconds. Real work behind them adds to it."""

    model_config = ConfigDict(extra="forbid")

    create: float = Field(0.0, ge=0)
    update: float = Field(0.0, ge=0)
    delete: float = Field(0.0, ge=0)


class Values(BaseModel):
    """All settings. `durations` is by resource type (any case), `*` for all others; `retry_after` is in seconds."""

    model_config = ConfigDict(extra="forbid")

    durations: dict[str, Durations] = Field(default_factory=dict)
    retry_after: int = Field(1, ge=1)
    federated_credential_seconds: float = Field(0.05, ge=0)
    """How long a write of a federated credential takes; another one on the same identity is refused meanwhile."""
    crowd: str = ""
    """A regular expression: new AKS clusters in whose name it is found share control planes. Empty: none does."""

    @field_validator("crowd")
    @classmethod
    def _compiles(cls, crowd: str) -> str:
        try:
            re.compile(crowd)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return crowd


class Settings:
    """Settings kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def values(self) -> Values:
        """As they are now."""
        return Values.model_validate(self._store.document(DOCUMENT, {}))

    def change(self, changes: dict[str, Any]) -> Values:
        """Replace some settings. Raises pydantic's ValidationError for what is no setting."""
        values = Values.model_validate({**self.values.model_dump(), **changes})
        self._store.keep(DOCUMENT, values.model_dump())
        return values

    def seconds(self, kind: str, operation: str) -> float:
        """The least time for `operation` (Create, Update, Delete) on resource type `kind`."""
        by_type = {name.lower(): durations for name, durations in self.values.durations.items()}
        durations = by_type.get(kind.lower()) or by_type.get("*") or Durations()
        return float(getattr(durations, operation.lower()))
