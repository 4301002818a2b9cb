"""What any object of the management cluster has; only the fields that a status is made of are read."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Record(BaseModel):
    """What all are: read by the names that Kubernetes has, and not changed."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Metadata(Record):
    """Of any object."""

    name: str
    namespace: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: datetime
    deletion_timestamp: datetime | None = None


class Condition(Record):
    """As Kubernetes, Cluster API, Flux and ASO write it; only ASO has a severity."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""
    observed_generation: int = 0


class Status(Record):
    """Of any object that has conditions."""

    conditions: tuple[Condition, ...] = ()


class Object(Record):
    """Any object with conditions; as it is, one of Azure Service Operator's."""

    metadata: Metadata
    status: Status = Status()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata.namespace, self.metadata.name

    def condition(self, type_: str) -> Condition | None:
        """The condition of a type, if it is there."""
        return next((each for each in self.status.conditions if each.type == type_), None)


class Reference(Record):
    """A reference to another object, in the same namespace where it names none."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
