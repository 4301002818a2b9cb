"""Azure Resource Manager's request pipeline: find the type, check the caller, then read, write, delete or act.

The order of the checks is ARM's: API version, subscription, type, role assignments, resource group, locks, parent,
content.
"""

from __future__ import annotations

from local_azure.azure import aks_documents, arm_documents, arm_operations, arm_tags, compute_skus, locks
from local_azure.azure.arm_writes import Writes
from local_azure.azure.errors import ArmError, bad_request, missing, not_found
from local_azure.azure.identifiers import ResourceId, parse
from local_azure.azure.resource_type import Call, Reply, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

RIGHTS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


class Arm:
    """Answers ARM requests on one subscription."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._writes = Writes(azure)

    def answer(self, call: Call) -> Reply:
        """The reply to a request. Raises ArmError when it is refused."""
        version = call.query.get("api-version")
        if not version:
            raise bad_request(
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        self._check_subscription(call.path)
        for answer in (
            arm_operations.answer,
            arm_documents.answer,
            arm_tags.answer,
            aks_documents.answer,
            compute_skus.answer,
        ):
            reply = answer(self._azure, call)
            if reply is not None:
                return reply
        identifier, action = self._target(call)
        kind = self._type(identifier, version)
        right = f"{kind.name}/{action}/action" if action else RIGHTS.get(call.method, "")
        if not right or (identifier.is_collection and call.method not in ("GET", "HEAD")):
            raise ArmError(
                405, "HttpMethodNotAllowed", f"The HTTP method '{call.method}' is not supported at scope '{call.path}'."
            )
        self._authorize(call, kind, identifier, right)
        self._check_group(identifier)
        locks.check(self._azure, call.method, identifier)
        if action:
            return kind.actions[action.lower()](self._azure, call, self._existing(kind, identifier))
        if call.method in ("GET", "HEAD"):
            return self._read(call, kind, identifier)
        if call.method == "DELETE":
            return self._writes.delete(call, kind, identifier)
        return self._writes.write(call, kind, identifier)

    def _check_subscription(self, path: str) -> None:
        parts = path.strip("/").split("/")
        if parts[0].lower() == "subscriptions" and len(parts) > 1 and parts[1].lower() != self._azure.subscription:
            raise not_found("SubscriptionNotFound", f"The subscription '{parts[1]}' could not be found.")

    def _target(self, call: Call) -> tuple[ResourceId, str]:
        """What a path names, and the action of a POST."""
        identifier = parse(call.path)
        if identifier is not None and call.method == "POST" and identifier.is_collection:
            owner, _, action = call.path.rstrip("/").rpartition("/")
            of = parse(owner)
            kind = self._azure.types.get(of.type.lower()) if of else None
            if of and not of.is_collection and kind and action.lower() in kind.actions:
                return of, action
        if identifier is None:
            raise not_found("InvalidResourceType", f"The resource type could not be found at '{call.path}'.")
        return identifier, ""

    def _type(self, identifier: ResourceId, version: str) -> ResourceType:
        provider = self._azure.providers.get(identifier.namespace.lower())
        if provider is None:
            raise not_found("InvalidResourceNamespace", f"The resource namespace '{identifier.namespace}' is invalid.")
        kind = self._azure.types.get(identifier.type.lower())
        if kind is None:
            raise not_found(
                "InvalidResourceType",
                f"The resource type '{'/'.join(identifier.types)}' could not be found in the namespace "
                f"'{identifier.namespace}' for api version '{version}'. The supported api-versions are "
                f"'{','.join(provider.versions)}'.",
            )
        if version.lower() not in provider.versions:
            raise bad_request(
                "NoRegisteredProviderFound",
                f"No registered resource provider found for location '' and API version '{version}' for type "
                f"'{'/'.join(identifier.types)}'. The supported api-versions are '{', '.join(provider.versions)}'.",
            )
        return kind

    def _authorize(self, call: Call, kind: ResourceType, identifier: ResourceId, right: str) -> None:
        scope = identifier.text
        if identifier.is_collection:
            scope = identifier.parent.text if identifier.parent else identifier.scope
        name = kind.name
        if name == "Microsoft.Resources/resourceGroups":
            name = "Microsoft.Resources/subscriptions/resourceGroups"
        action = right if "/" in right else f"{name}/{right}"
        about = kind.attributes(self._azure, call, identifier)
        self._azure.access.require(call.caller, action, scope, about)

    def _check_group(self, identifier: ResourceId) -> None:
        group = identifier.resource_group_id
        if group and group.lower() != identifier.key and self._azure.store.get(group) is None:
            raise not_found(
                "ResourceGroupNotFound", f"Resource group '{identifier.resource_group}' could not be found."
            )

    def _existing(self, kind: ResourceType, identifier: ResourceId) -> Resource:
        found = kind.find(self._azure, identifier)
        if found is None:
            raise missing(identifier)
        return found

    def _read(self, call: Call, kind: ResourceType, identifier: ResourceId) -> Reply:
        if identifier.is_collection:
            return self._list(call, kind, identifier)
        found = self._existing(kind, identifier)
        if call.method == "HEAD":
            return Reply(204)
        return Reply(200, kind.view(self._azure, found), {"ETag": f'"{found.etag}"'})

    def _list(self, call: Call, kind: ResourceType, identifier: ResourceId) -> Reply:
        above = identifier.parent
        if above is not None:
            self._existing(self._azure.types[above.type.lower()], above)
        within = above.text if above else identifier.scope
        found = kind.listed(self._azure, within, call.query)
        return Reply(200, {"value": [kind.view(self._azure, resource) for resource in found]})
