"""PUT, PATCH and DELETE: preconditions, places, content, then at once or as a long-running operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.azure.errors import ArmError, bad_request, conflict, not_found
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.operations import Operation
from local_azure.azure.regions import REGIONS, normal
from local_azure.azure.resource_type import Call, Put, Reply, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

OPERATIONS: Mapping[str, str] = {
    "Microsoft.Compute/disks": "DiskOperations",
    "Microsoft.DBforPostgreSQL": "azureAsyncOperation",
    "Microsoft.Storage": "asyncoperations",
}
"""Where, below a provider's locations, one asks how an operation goes, by type or namespace; else `operations`."""


class Writes:
    """Changes resources of one subscription."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def write(self, call: Call, kind: ResourceType, identifier: ResourceId) -> Reply:
        """PUT or PATCH. A write that changes nothing starts no operation."""
        store = self._azure.store
        with kind.writing(self._azure, identifier), store.transaction():
            existing = store.get(identifier.text)
            if call.method == "PATCH" and existing is None:
                raise not_found("ResourceNotFound", f"The Resource '{identifier.text}' was not found.")
            _check_precondition(call, existing)
            self._check_surroundings(identifier)
            sent = (
                call.body
                if call.method == "PUT" or existing is None
                else kind.accept_patch(self._azure, call, existing)
            )
            body = self._azure.schema.check(kind.name, sent)
            if kind.tracked:
                _check_location(kind, identifier, body, existing)
            if existing is not None and existing.state == "Deleting":
                raise conflict(
                    "ResourceBeingDeleted",
                    f"The resource '{identifier.text}' is being deleted; try again when it is gone.",
                )
            put = Put(call, identifier, body, existing)
            wanted = kind.accept(self._azure, put)
            if existing is not None and existing.state == "Succeeded" and kind.unchanged(self._azure, wanted, existing):
                return Reply(kind.updated, self._azure.view(existing), {"ETag": f'"{existing.etag}"'})
            kind.check_idle(self._azure, identifier)
            return self._accepted(call, kind, put, wanted)

    def _accepted(self, call: Call, kind: ResourceType, put: Put, wanted: Resource) -> Reply:
        store, existing = self._azure.store, put.existing
        if existing is not None:
            wanted = Resource(existing.id, wanted.type, wanted.body, {**existing.hidden, **wanted.hidden})
        if kind.slow:
            wanted = wanted.with_properties(provisioningState="Updating" if existing else "Creating")
        kept = store.put(wanted)
        kind.stored(self._azure, put, kept)
        headers = {"ETag": f'"{kept.etag}"'}
        if kind.slow:
            operation = self._azure.begin("Update" if existing else "Create", kept, call.detail)
            headers |= self._operation_headers(call, operation, kept, location=kind.location_header)
        return Reply(kind.updated if existing else kind.created, self._azure.view(kept), headers)

    def delete(self, call: Call, kind: ResourceType, identifier: ResourceId) -> Reply:
        """DELETE: 204 when there is nothing, 202 with an operation for slow types."""
        store = self._azure.store
        with kind.writing(self._azure, identifier), store.transaction():
            existing = store.get(identifier.text)
            if existing is None:
                if identifier.type == "Microsoft.Resources/resourceGroups":
                    raise not_found("ResourceGroupNotFound", f"Resource group '{identifier.name}' could not be found.")
                return Reply(204)
            _check_precondition(call, existing)
            if existing.state == "Deleting":
                running = [found for found in self._azure.operations.running(existing.id) if found.kind == "Delete"]
                if running:
                    return Reply(202, None, self._operation_headers(call, running[0], existing, location=True))
            kind.check_delete(self._azure, existing)
            if kind.quick_delete or not (kind.slow or kind.slow_delete):
                shown = self._azure.view(existing)
                kind.tear_down(self._azure, existing)
                store.remove(existing.id)
                return Reply(kind.deleted, shown if kind.deleted == 200 else None)
            store.put(existing.with_properties(provisioningState="Deleting"))
            operation = self._azure.begin("Delete", existing, call.detail)
        return Reply(202, None, self._operation_headers(call, operation, existing, location=True))

    def _check_surroundings(self, identifier: ResourceId) -> None:
        """The resource group must not be going away, and the parent must exist."""
        store = self._azure.store
        group = store.get(identifier.resource_group_id) if identifier.resource_group_id else None
        if group is not None and group.state == "Deleting":
            raise conflict(
                "ResourceGroupBeingDeleted",
                f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation.",
            )
        parent = identifier.parent
        if parent is not None and store.get(parent.text) is None:
            raise not_found(
                "ParentResourceNotFound",
                f"Failed to perform 'write' on resource(s) of type '{'/'.join(identifier.types)}', because the "
                f"parent resource '{parent.text}' could not be found.",
            )

    def _operation_headers(
        self, call: Call, operation: Operation, resource: Resource, *, location: bool
    ) -> dict[str, str]:
        """Where to ask for an operation's end; on the host the caller used, so that it can be reached."""
        base = f"https://{call.host}/subscriptions/{self._azure.subscription}"
        version = call.query["api-version"]
        retry = {"Retry-After": str(self._azure.settings.values.retry_after)}
        namespace, _, short = resource.type.partition("/")
        if short == "resourceGroups":
            return {"Location": f"{base}/operationresults/{operation.id}?api-version={version}", **retry}
        place = self._azure.location(resource)
        at = f"{base}/providers/{namespace}/locations/{place}"
        word = OPERATIONS.get(resource.type) or OPERATIONS.get(namespace, "operations")
        headers = {"Azure-AsyncOperation": f"{at}/{word}/{operation.id}?api-version={version}", **retry}
        if location:
            headers["Location"] = f"{at}/operationresults/{operation.id}?api-version={version}"
        return headers


def _check_precondition(call: Call, existing: Resource | None) -> None:
    """If-Match and If-None-Match: https://learn.microsoft.com/rest/api/azure#etag"""
    match, none_match = call.headers.get("if-match", ""), call.headers.get("if-none-match", "")
    current = {"*", existing.etag} if existing else set()
    wanted = match.strip().removeprefix("W/").strip('"')
    if (wanted and wanted not in current) or none_match.strip().removeprefix("W/").strip('"') in current - {""}:
        raise ArmError(
            412,
            "PreconditionFailed",
            f"The condition '{match or none_match}' set on the request does not hold for the resource's ETag.",
        )


def _check_location(
    kind: ResourceType, identifier: ResourceId, body: Mapping[str, Any], existing: Resource | None
) -> None:
    location = body.get("location")
    if not location:
        raise bad_request("LocationRequired", "The location property is required for this definition.", "location")
    group = identifier.types == ("resourceGroups",)
    if normal(location) not in REGIONS and normal(location) != "global":
        available = ",".join(sorted(REGIONS))
        if group:
            code, what = "LocationNotAvailableForResourceGroup", "resource group"
            message = (
                f"The provided location '{location}' is not available for {what}. List of available regions is "
                f"'{available}'."
            )
        else:
            code = "LocationNotAvailableForResourceType"
            message = (
                f"The provided location '{location}' is not available for resource type '{kind.name}'. List of "
                f"available regions for the resource type is '{available}'."
            )
        raise bad_request(code, message, "location")
    if existing is None or existing.body.get("location") == normal(location):
        return
    if group:
        raise conflict(
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{existing.body.get('location')}'.",
        )
    raise conflict(
        "InvalidResourceLocation",
        f"The resource '{identifier.name}' already exists in location '{existing.body.get('location')}' in resource "
        f"group '{identifier.resource_group}'. A resource with the same name cannot be created in location "
        f"'{location}'. Please select a new resource name.",
    )
