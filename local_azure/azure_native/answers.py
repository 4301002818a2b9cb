"""What Azure Resource Manager answers, read: errors, how long to wait, whether an operation has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
FINISHED: Final = frozenset({"succeeded", "failed", "canceled"})

Json = Any


class AzureError(Exception):
    """Azure's refusal, in the real provider's words. `status` 200 is an operation that failed later, 0 no answer at
    all.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(
            f'Status={status} Code="{code}" Message="{message}"' if code else f'Status={status} Message="{message}"'
        )


class OperationFailed(AzureError):
    """Azure accepted a request and failed afterwards: the resource may half exist."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Json

    def error(self, kind: type[AzureError] = AzureError) -> AzureError:
        """https://github.com/cloud-and-ai-microsoft/resource-provider-contract/blob/master/v1.0/common-api-details.md#error-response-content"""
        said = self.body.get("error", self.body) if isinstance(self.body, dict) else {}
        if not isinstance(said, dict):
            said = {"code": said}
        code = str(said.get("code", ""))
        return kind(self.status, code, str(said.get("message") or self.body or f"HTTP {self.status} without a body"))


def worth_retrying(answer: Answer) -> bool:
    return answer.status in RETRIED or (answer.status == 409 and answer.error().code == "AnotherOperationInProgress")


def retry_after(answer: Answer, otherwise: float) -> float:
    try:
        return float(answer.headers.get("Retry-After", otherwise))
    except ValueError:  # a date, which nothing in Azure Resource Manager sends
        return otherwise


def provisioning_state(resource: Mapping[str, Json]) -> str:
    """In lower case; types without such a state are always done."""
    return str((resource.get("properties") or {}).get("provisioningState") or "succeeded").lower()


def finished(answer: Answer, *, by_operation: bool, by_location: bool) -> bool:
    """Raises OperationFailed where the operation ended badly."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if by_operation:
        state = body.get("status")
    elif by_location:
        return answer.status != 202
    else:
        state = provisioning_state(body)
    state = str(state or "").lower()
    if state in {"failed", "canceled"}:
        raise (
            answer.error(OperationFailed)
            if "error" in body
            else OperationFailed(200, state.capitalize(), "the operation failed")
        )
    return state in FINISHED
