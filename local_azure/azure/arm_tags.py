"""The tags of any resource, read and changed at their own URL: https://learn.microsoft.com/rest/api/resources/tags"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from local_azure.azure.errors import ArmError, bad_request, not_found
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

PATH = re.compile(r"(/subscriptions/.+)/providers/Microsoft\.Resources/tags/default", re.IGNORECASE)
RIGHTS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


def answer(azure: Azure, call: Call) -> Reply | None:
    """A resource's tags, after a change if there is one; None when the path is about something else."""
    found = PATH.fullmatch(call.path)
    if found is None:
        return None
    if call.method not in RIGHTS:
        raise ArmError(405, "HttpMethodNotAllowed", f"The HTTP method '{call.method}' is not supported for tags.")
    azure.access.require(call.caller, f"Microsoft.Resources/tags/{RIGHTS[call.method]}", found.group(1))
    with azure.store.transaction():
        resource = azure.store.get(found.group(1))
        if resource is None:
            raise not_found("ResourceNotFound", f"The Resource '{found.group(1)}' was not found.")
        if call.method != "GET":
            body = call.body if isinstance(call.body, dict) else {}
            tags = _changed(resource, call.method, body)
            azure.store.put(replace(resource, body={**resource.body, "tags": tags}))
        else:
            tags = _tags(resource)
    identifier = f"{resource.id}/providers/Microsoft.Resources/tags/default"
    return Reply(
        200, {"id": identifier, "name": "default", "type": "Microsoft.Resources/tags", "properties": {"tags": tags}}
    )


def _changed(resource: Resource, method: str, body: dict[str, Any]) -> dict[str, str]:
    sent: dict[str, str] = (body.get("properties") or {}).get("tags") or {}
    operation = {"PUT": "replace", "DELETE": "replace"}.get(method) or str(body.get("operation", "")).lower()
    tags = _tags(resource)
    if operation == "replace":
        return sent
    if operation == "merge":
        return {**tags, **sent}
    if operation == "delete":
        return {name: value for name, value in tags.items() if sent.get(name) != value}
    raise bad_request(
        "InvalidTagOperation", f"The operation '{body.get('operation')}' is not Merge, Replace or Delete."
    )


def _tags(resource: Resource) -> dict[str, str]:
    found: dict[str, str] = resource.body.get("tags") or {}
    return dict(found)
