"""The URLs that tell how a long-running operation goes."""

from __future__ import annotations

import re

from local_azure.azure.errors import ArmError, not_found
from local_azure.azure.operations import RUNNING
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.subscription import Azure

STATUS = re.compile(
    r"(/subscriptions/[^/]+)/providers/([^/]+)/locations/[^/]+/"
    r"(operations|DiskOperations|azureAsyncOperation|asyncoperations)/([^/]+)",
    re.IGNORECASE,
)
NOBODYS = {"asyncoperations"}
"""Microsoft.Storage has no such right: https://learn.microsoft.com/azure/role-based-access-control/permissions/storage"""
RESULT = re.compile(
    r"(/subscriptions/[^/]+)(?:/providers/([^/]+)/locations/[^/]+)?/(operationresults)/([^/]+)", re.IGNORECASE
)


def answer(azure: Azure, call: Call) -> Reply | None:
    """The state of an operation; None when the path is about something else.

    To ask is a right of its own. `operations/` answers 200 with the status, `operationresults/` (the Location header)
    202 until the end, then 204 or the resource or the error.
    https://kubernetes-sigs.github.io/cloud-provider-azure/topics/azure-permissions/
    """
    by_status, by_result = STATUS.fullmatch(call.path), RESULT.fullmatch(call.path)
    found = by_status or by_result
    if found is None:
        return None
    subscription, namespace, word, identifier = found.groups()
    kind = f"{namespace}/locations/{word}" if namespace else f"Microsoft.Resources/subscriptions/{word}"
    if word.lower() not in NOBODYS:
        azure.access.require(call.caller, f"{kind}/read", subscription)
    operation = azure.operations.get(identifier)
    if operation is None:
        raise not_found("NotFound", f"The entity was not found: no operation '{identifier}'.")
    retry = {"Retry-After": str(azure.settings.values.retry_after)}
    running = operation.status == RUNNING
    if by_status:
        return Reply(200, operation.status_body(call.path), retry if running else {})
    if running:
        version = call.query["api-version"]
        return Reply(202, None, {"Location": f"https://{call.host}{call.path}?api-version={version}", **retry})
    if operation.error is not None:
        raise ArmError(409, operation.error["code"], operation.error["message"])
    resource = azure.store.get(operation.resource_id)
    if operation.kind == "Delete" or resource is None:
        return Reply(200 if operation.resource_id.count("/") == 4 else 204)
    return Reply(200, azure.view(resource))
