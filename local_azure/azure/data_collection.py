"""Azure Monitor's data collection: workspaces for metrics, and the endpoints and rules that lead there.

Nothing is collected here. https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-rule-overview
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local_azure.azure.errors import ArmError, bad_request, conflict
from local_azure.azure.extension_types import ExtensionType
from local_azure.azure.regions import normal
from local_azure.azure.resource_type import Put, ResourceType
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

ENDPOINTS: Final = "Microsoft.Insights/dataCollectionEndpoints"
RULES: Final = "Microsoft.Insights/dataCollectionRules"
ASSOCIATIONS: Final = "Microsoft.Insights/dataCollectionRuleAssociations"
ACCOUNTS: Final = "Microsoft.Monitor/accounts"
OF_AN_ENDPOINT: Final = "configurationAccessEndpoint"
"""The one name of an association with an endpoint."""


class Accounts(ResourceType):
    """Workspaces for Prometheus metrics: https://learn.microsoft.com/azure/azure-monitor/metrics/azure-monitor-workspace-overview"""

    name = ACCOUNTS

    def accept(self, azure: Azure, put: Put) -> Resource:
        """A workspace knows where it is asked."""
        query = f"https://{_host(put)}.{normal(put.body['location'])}.prometheus.monitor.azure.com"
        given = {"accountId": _lasting(put), "metrics": {"prometheusQueryEndpoint": query, "internalId": put.id.name}}
        return Resource(put.id.text, self.name, self.body(put, {**put.properties, **given}))


class Endpoints(ResourceType):
    """https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-endpoint-overview"""

    name = ENDPOINTS

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Names have 3 to 44 letters, digits and hyphens; an endpoint knows its hosts."""
        if not re.fullmatch(r"[a-zA-Z0-9][-a-zA-Z0-9]{1,42}[a-zA-Z0-9]", put.id.name):
            raise _invalid("Data collection endpoint", "InvalidName", "The name has 3 to 44 letters, digits and '-'.")
        host = f"https://{_host(put)}.{normal(put.body['location'])}-1"
        given = {
            "immutableId": f"dce-{_lasting(put).replace('-', '')}",
            "configurationAccess": {"endpoint": f"{host}.handler.control.monitor.azure.com"},
            "logsIngestion": {"endpoint": f"{host}.ingest.monitor.azure.com"},
            "metricsIngestion": {"endpoint": f"{host}.metrics.ingest.monitor.azure.com"},
        }
        defaults = {"networkAcls": {"publicNetworkAccess": "Enabled"}}
        return Resource(put.id.text, self.name, self.body(put, {**defaults, **put.properties, **given}))

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """What a rule uses stays."""
        _check_unused(azure, resource)


class Rules(ResourceType):
    """https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-rule-structure"""

    name = RULES

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Flows lead to destinations that the rule has; endpoint and workspaces are there, in the rule's region."""
        properties = put.properties
        destinations = properties.get("destinations") or {}
        accounts = [_in_region(azure, put, each.get("accountResourceId")) for each in _accounts(destinations)]
        if properties.get("dataCollectionEndpointId"):
            _in_region(azure, put, properties["dataCollectionEndpointId"])
        named = set(_names(destinations))
        for flow in properties.get("dataFlows") or ():
            for each in set(flow.get("destinations") or ()) - named:
                raise _invalid("Data collection rule", "InvalidDestination", f"There is no destination '{each}'.")
        shown = [
            {**sent, "accountId": found.properties["accountId"]}
            for sent, found in zip(_accounts(destinations), accounts, strict=True)
        ]
        given: dict[str, Any] = {"immutableId": f"dcr-{_lasting(put).replace('-', '')}"}
        if shown:
            given["destinations"] = {**destinations, "monitoringAccounts": shown}
        return Resource(put.id.text, self.name, self.body(put, {**properties, **given}))

    def check_delete(self, azure: Azure, resource: Resource) -> None:
        """What a resource is associated with stays."""
        _check_unused(azure, resource)


class Associations(ExtensionType):
    """https://learn.microsoft.com/rest/api/monitor/data-collection-rule-associations"""

    name = ASSOCIATIONS
    created = 200

    def accept(self, azure: Azure, put: Put) -> Resource:
        """With one rule, or, under a name that is reserved for it, with one endpoint."""
        rule, endpoint = put.properties.get("dataCollectionRuleId"), put.properties.get("dataCollectionEndpointId")
        if bool(rule) == bool(endpoint) or bool(endpoint) != (put.id.name == OF_AN_ENDPOINT):
            raise _invalid(
                "Data collection rule association",
                "InvalidProperty",
                f"It has either a rule, or an endpoint and the name '{OF_AN_ENDPOINT}'.",
            )
        if azure.store.get(str(rule or endpoint)) is None:
            raise _invalid("Data collection rule association", "NotFound", f"'{rule or endpoint}' was not found.")
        return super().accept(azure, put)


def _names(destinations: Mapping[str, Any]) -> Iterator[str]:
    """Of all kinds; of some kinds there is only one."""
    for kind in destinations.values():
        for each in kind if isinstance(kind, list) else [kind]:
            yield str(each.get("name"))


def _accounts(destinations: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(destinations.get("monitoringAccounts") or ())


def _in_region(azure: Azure, put: Put, reference: str | None) -> Resource:
    """What a rule refers to. Raises ArmError where it is not there, or elsewhere."""
    found = azure.store.get(reference) if reference else None
    if found is None:
        raise _invalid("Data collection rule", "NotFound", f"'{reference}' was not found.")
    if found.body["location"] != normal(put.body["location"]):
        place = found.body["location"]
        raise _invalid(
            "Data collection rule", "InvalidLocation", f"'{reference}' is in {place}: the rule must be, too."
        )
    return found


def _check_unused(azure: Azure, resource: Resource) -> None:
    users = azure.store.mentioning(resource.id)
    if users:
        raise conflict("ResourceInUse", f"'{resource.id}' cannot be deleted: '{users[0].id}' uses it.")


def _lasting(put: Put) -> str:
    """An identifier that stays the same however often a resource is written."""
    digest = hashlib.sha256(put.id.key.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def _host(put: Put) -> str:
    return f"{put.id.name.lower()}-{_lasting(put)[:4]}"


def _invalid(what: str, code: str, message: str) -> ArmError:
    """The codes inside are guessed."""
    error = bad_request("InvalidPayload", f"{what} is invalid")
    error.details = [{"code": code, "message": message}]
    return error
