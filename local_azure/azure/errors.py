"""Errors as Azure Resource Manager words them: `{"error": {"code", "message", "target"?, "details"?}}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local_azure.azure.identifiers import ResourceId


class ArmError(Exception):
    """A refused or failed request.

    `status` is the HTTP status, `code` and `message` are what Azure would say; see
    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = list(details)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The response body."""
        return {"error": self.content()}

    def content(self) -> dict[str, Any]:
        """What stands under "error", also in the status of a failed operation."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        return error


def bad_request(code: str, message: str, target: str | None = None) -> ArmError:
    """A request Azure refuses with status 400."""
    return ArmError(400, code, message, target=target)


def conflict(code: str, message: str, target: str | None = None) -> ArmError:
    """A request that does not fit the state of the resource: status 409."""
    return ArmError(409, code, message, target=target)


def not_found(code: str, message: str) -> ArmError:
    """Something that does not exist: status 404."""
    return ArmError(404, code, message)


def missing(identifier: ResourceId) -> ArmError:
    """ARM's 404 for a resource."""
    if identifier.types == ("resourceGroups",):
        return not_found("ResourceGroupNotFound", f"Resource group '{identifier.name}' could not be found.")
    path = "/".join(part for pair in zip(identifier.types, identifier.names, strict=True) for part in pair)
    return not_found(
        "ResourceNotFound",
        f"The Resource '{identifier.namespace}/{path}' under resource group '{identifier.resource_group}' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )
