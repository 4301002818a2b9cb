"""Documents of the subscription that are no resources: itself, its regions, its providers, lists across types."""

from __future__ import annotations

import re
from typing import Any

from local_azure.azure.errors import not_found
from local_azure.azure.regions import REGIONS
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.subscription import Azure, Provider

NAME = "Local Azure"
PATHS = {
    "subscriptions": re.compile(r"/subscriptions", re.IGNORECASE),
    "subscription": re.compile(r"/subscriptions/[^/]+", re.IGNORECASE),
    "locations": re.compile(r"/subscriptions/[^/]+/locations", re.IGNORECASE),
    "providers": re.compile(r"/subscriptions/[^/]+/providers", re.IGNORECASE),
    "provider": re.compile(r"/subscriptions/[^/]+/providers/([^/]+)(?:/register)?", re.IGNORECASE),
    "resources": re.compile(r"(/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?)/resources", re.IGNORECASE),
    "tenants": re.compile(r"/tenants", re.IGNORECASE),
}
READ = {
    "subscription": "Microsoft.Resources/subscriptions/read",
    "locations": "Microsoft.Resources/subscriptions/locations/read",
    "providers": "Microsoft.Resources/subscriptions/providers/read",
    "provider": "Microsoft.Resources/subscriptions/providers/read",
    "resources": "Microsoft.Resources/subscriptions/resources/read",
}


def answer(azure: Azure, call: Call) -> Reply | None:
    """The document at a path; None when the path is about something else."""
    for name, pattern in PATHS.items():
        found = pattern.fullmatch(call.path)
        if found is None:
            continue
        if name in READ:
            scope = "/".join(call.path.split("/")[:3]) if name != "resources" else found.group(1)
            azure.access.require(call.caller, READ[name], scope)
        return Reply(200, _document(azure, name, found))
    return None


def _document(azure: Azure, name: str, found: re.Match[str]) -> dict[str, Any]:  # noqa: PLR0911
    base = f"/subscriptions/{azure.subscription}"
    if name == "subscriptions":
        return {"value": [_subscription(azure)], "count": {"type": "Total", "value": 1}}
    if name == "subscription":
        return _subscription(azure)
    if name == "tenants":
        return {"value": [{"id": f"/tenants/{azure.tenant}", "tenantId": azure.tenant, "displayName": NAME}]}
    if name == "locations":
        return {
            "value": [
                {"id": f"{base}/locations/{region}", "name": region, "displayName": title, "type": "Region"}
                for region, title in REGIONS.items()
            ]
        }
    if name == "resources":
        group = found.group(1)
        listed = [
            resource
            for resource in azure.store.below(group)
            if azure.types[resource.type.lower()].tracked and resource.id.count("/") == 8
        ]
        keys = ("id", "name", "type", "location", "tags", "identity", "sku")
        views = [azure.view(resource) for resource in listed]
        return {"value": [{key: view[key] for key in keys if view.get(key) is not None} for view in views]}
    if name == "providers":
        return {"value": [_provider(base, provider) for provider in azure.providers.values()]}
    namespace = found.group(1)
    if namespace.lower() not in azure.providers:
        raise not_found("InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    return _provider(base, azure.providers[namespace.lower()])


def _subscription(azure: Azure) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{azure.subscription}",
        "subscriptionId": azure.subscription,
        "tenantId": azure.tenant,
        "displayName": NAME,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "spendingLimit": "Off"},
    }


def _provider(base: str, provider: Provider) -> dict[str, Any]:
    return {
        "id": f"{base}/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": kind.name.partition("/")[2],
                "locations": list(REGIONS.values()) if kind.tracked else [],
                "apiVersions": list(reversed(provider.versions)),
            }
            for kind in provider.types
        ],
    }
