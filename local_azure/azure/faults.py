"""Faults that can be switched on: what Azure does on a bad day, for the requests one chooses."""

from __future__ import annotations

import re
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from local_azure.azure.errors import ArmError
from local_azure.azure.store import Store

DOCUMENT = "faults"
Kind = Literal["throttle", "error", "timeout", "reset", "hang", "fail", "quota", "sku", "respond"]


class Fault(BaseModel):
    """One fault.

    `throttle` answers 429, `error` 500, `quota` and `sku` refuse as AKS does, `respond` answers what `status`, `code`
    and `message` say; none of these carries the request out. `timeout` never answers, and closes the connection after
    `seconds`. `reset` carries the request out and then breaks the connection. `hang` makes the operation the request
    starts take `seconds` longer, `fail` makes it fail with `code` and `message`.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:8])
    kind: Kind
    method: str = Field("", description="HTTP method; empty for all")
    path: str = Field("", description="regular expression found in the path; empty for all")
    caller: str = Field("", description="client ID of the caller; empty for all")
    count: int | None = Field(None, ge=0, description="how many requests it still meets; None for all")
    seconds: float = Field(20, ge=0)
    retry_after: int = Field(2, ge=0)
    status: int = Field(500, ge=400, le=599)
    code: str = "InternalServerError"
    message: str = "The server encountered an internal error. Please retry the request."

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return path

    def meets(self, method: str, path: str, caller: str) -> bool:
        """Whether a request is one of those chosen."""
        return (
            self.count != 0
            and self.method.upper() in ("", method)
            and self.caller.lower() in ("", caller.lower())
            and re.search(self.path, path, re.IGNORECASE) is not None
        )

    def refusal(self) -> ArmError | None:
        """The answer instead of carrying the request out; None for the other kinds."""
        if self.kind == "throttle":
            return ArmError(
                429,
                "TooManyRequests",
                "The request is being throttled as the limit has been reached for operation type. For more "
                "information, see https://aka.ms/srpthrottlinglimits",
                headers={"Retry-After": str(self.retry_after)},
            )
        if self.kind == "quota":
            return ArmError(
                400,
                "ErrCode_InsufficientVCPUQuota",
                "Insufficient regional vcpu quota left for location. left regional vcpu quota 0, requested quota "
                "4. If you want to increase the quota, please follow this instruction: "
                "https://learn.microsoft.com/azure/quotas/view-quotas.",
            )
        if self.kind == "sku":
            return ArmError(
                400,
                "BadRequest",
                "The VM size is not allowed in your subscription in this location. For more details, please visit "
                "https://aka.ms/cpu-quota",
            )
        if self.kind == "error":
            return ArmError(500, "InternalServerError", self.message)
        if self.kind == "respond":
            headers = {"Retry-After": str(self.retry_after)} if self.status in (429, 503) else None
            return ArmError(self.status, self.code, self.message, headers=headers)
        return None

    def operation_detail(self) -> dict[str, Any]:
        """What the operation that a request starts must know."""
        if self.kind == "hang":
            return {"hang": self.seconds}
        if self.kind == "fail":
            return {"fail": {"code": self.code, "message": self.message}}
        return {}


class Faults:
    """The faults switched on, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Fault]:
        """In the order they were switched on."""
        return [Fault.model_validate(found) for found in self._store.document(DOCUMENT, [])]

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        with self._store.transaction():
            self._keep([*self.all(), fault])

    def remove(self, identifier: str = "") -> None:
        """Switch one off, or all."""
        with self._store.transaction():
            self._keep([fault for fault in self.all() if identifier not in ("", fault.id)])

    def meet(self, method: str, path: str, caller: str) -> Fault | None:
        """The first fault that meets a request; its count goes down."""
        if not self._store.document(DOCUMENT, []):
            return None
        with self._store.transaction():
            faults = self.all()
            met = next((fault for fault in faults if fault.meets(method, path, caller)), None)
            if met is not None and met.count is not None:
                met.count -= 1
                self._keep([fault for fault in faults if fault.count != 0])
        return met

    def _keep(self, faults: list[Fault]) -> None:
        self._store.keep(DOCUMENT, [fault.model_dump() for fault in faults])
