"""Microsoft.Insights/diagnosticSettings: which logs of a resource are sent where. None is sent here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local_azure.azure import identifiers
from local_azure.azure.directory import CLUSTERS
from local_azure.azure.errors import bad_request, conflict, not_found
from local_azure.azure.extension_types import ExtensionType
from local_azure.azure.identifiers import ResourceId
from local_azure.azure.resource_type import Put
from local_azure.azure.store import Resource
from local_azure.azure.subscription import Azure

SETTINGS: Final = "Microsoft.Insights/diagnosticSettings"
MOST: Final = 5
"""Of a resource."""

LOGS: Final[Mapping[str, tuple[str, ...]]] = {
    CLUSTERS.lower(): (
        *("cloud-controller-manager", "cluster-autoscaler", "csi-azuredisk-controller", "csi-azurefile-controller"),
        *(
            "csi-snapshot-controller",
            "fleet-mcs-controller-manager",
            "fleet-member-agent",
            "fleet-member-net-controller",
        ),
        *("guard", "karpenter-events", "kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager"),
        "kube-scheduler",
    ),
    "microsoft.network/publicipaddresses": (
        *("DDoSMitigationFlowLogs", "DDoSMitigationReports", "DDoSProtectionNotifications"),
    ),
}
"""Categories by type: https://learn.microsoft.com/azure/azure-monitor/reference/logs-index"""

METRICS: Final = ("AllMetrics",)
SINKS: Final = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
KEYS: Final = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
OFF: Final = {"enabled": False, "retentionPolicy": {"enabled": False, "days": 0}}


class DiagnosticSettings(ExtensionType):
    """https://learn.microsoft.com/rest/api/monitor/diagnostic-settings

    Of the messages, those about sinks are Azure's.
    """

    name = SETTINGS
    created = 200

    def accept(self, azure: Azure, put: Put) -> Resource:
        """Known categories to a sink that is there, each of them once."""
        accepted = super().accept(azure, put)
        for kind, known in (("logs", _logs(put.id)), ("metrics", METRICS)):
            for each in put.properties.get(kind) or ():
                if each.get("category") and each["category"] not in known:
                    raise bad_request("BadRequest", f"Category '{each['category']}' is not supported.")
        if not any(put.properties.get(sink) for sink in SINKS):
            raise bad_request("BadRequest", "At least one data sink needs to be specified.")
        self._check_workspace(azure, put)
        there = azure.store.below(put.id.scope, SETTINGS)
        others = [each for each in there if each.key != put.id.key and _scope(each) == put.id.scope.lower()]
        if len(others) >= MOST:
            raise conflict("Conflict", f"The limit of {MOST} diagnostic settings was reached.")
        for other in others:
            _check_apart(put.properties, other)
        return accepted

    def view(self, azure: Azure, resource: Resource) -> dict[str, Any]:
        """With all categories that there are, those that were not sent switched off."""
        shown = super().view(azure, resource)
        logs = _completed(resource.properties.get("logs") or (), _logs(identifiers.resource(resource.id)))
        metrics = _completed(resource.properties.get("metrics") or (), METRICS)
        return {**shown, "properties": {**resource.properties, "logs": logs, "metrics": metrics}}

    def _check_workspace(self, azure: Azure, put: Put) -> None:
        """Who sends logs to a workspace needs its keys."""
        workspace = put.properties.get("workspaceId")
        if not workspace:
            return
        if azure.store.get(workspace) is None:
            raise not_found("ResourceNotFound", f"The workspace '{workspace}' was not found.")
        caller = put.call.caller
        azure.access.require_linked(caller, f"{self.name}/write", put.id.text, linked=workspace, needed=KEYS)


def _logs(setting: ResourceId) -> tuple[str, ...]:
    """The categories of what a setting hangs on."""
    owner = identifiers.parse(setting.scope)
    kind = owner.type if owner else setting.scope
    if kind.lower() not in LOGS:
        raise bad_request(
            "ResourceTypeNotSupported", f"The resource type '{kind}' does not support diagnostic settings."
        )
    return LOGS[kind.lower()]


def _scope(setting: Resource) -> str:
    return identifiers.resource(setting.id).scope.lower()


def _completed(sent: Any, known: tuple[str, ...]) -> list[dict[str, Any]]:
    named = {each["category"]: each for each in sent if each.get("category")}
    groups = [{**OFF, **each} for each in sent if not each.get("category")]
    if groups and not named:
        return groups
    return [*groups, *({"category": name, **OFF, **named.get(name, {})} for name in known)]


def _check_apart(properties: Mapping[str, Any], other: Resource) -> None:
    """One category goes to one sink by one setting only."""
    for sink in SINKS:
        where = properties.get(sink)
        if not where or where.lower() != str(other.properties.get(sink) or "").lower():
            continue
        for category in sorted(set(_enabled(properties)) & set(_enabled(other.properties))):
            raise conflict(
                "Conflict",
                f"Data sink '{where}' is already used in diagnostic setting '{other.name}' for category '{category}'. "
                "Data sinks can't be reused in different settings on the same category for the same resource.",
            )


def _enabled(properties: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("logs", "metrics"):
        for each in properties.get(kind) or ():
            if each.get("enabled") and each.get("category"):
                yield each["category"]
