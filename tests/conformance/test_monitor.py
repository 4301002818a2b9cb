"""Azure Monitor, by Microsoft's own client: taken, checked and shown; nothing is measured or sent here."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.monitor.v2021_05_01_preview import MonitorManagementClient as Diagnostics
from azure.mgmt.monitor.v2021_06_03_preview import MonitorManagementClient as Workspaces
from azure.mgmt.monitor.v2022_06_01 import MonitorManagementClient as Collection

from tests.conformance.holder import Asker, Holder
from tests.conformance.running import SCOPES, SUBSCRIPTION, Running, words
from tests.conformance.test_managed_clusters import CLUSTER


@pytest.fixture
def operator(azure: Running) -> Asker:
    return Asker(azure, azure.credential().get_token(*SCOPES).token)


@pytest.fixture
def diagnostics(azure: Running) -> Any:
    return azure.client(Diagnostics).diagnostic_settings


@pytest.fixture
def cluster(aks: Any, group: str) -> Any:
    return aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()


@pytest.fixture
def workspace(operator: Asker, group: str) -> str:
    path = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    operator.do("PUT", path, {"location": "northeurope", "properties": {}})
    operator.settle("PUT", path)
    return path


def setting(workspace: str, *categories: str) -> dict[str, Any]:
    return {
        "workspace_id": workspace,
        "log_analytics_destination_type": "Dedicated",
        "logs": [{"category": each, "enabled": True} for each in categories],
    }


def test_a_setting_shows_all_categories_and_which_of_them_are_on(
    diagnostics: Any, cluster: Any, workspace: str
) -> None:
    made = diagnostics.create_or_update(cluster.id, "logs", setting(workspace, "guard", "kube-audit-admin"))
    assert (made.workspace_id, made.log_analytics_destination_type) == (workspace, "Dedicated")
    assert sorted(each.category for each in made.logs if each.enabled) == ["guard", "kube-audit-admin"]
    assert "kube-audit" in [each.category for each in made.logs if not each.enabled]
    assert [(each.category, each.enabled) for each in made.metrics] == [("AllMetrics", False)]
    assert [each.name for each in diagnostics.list(cluster.id)] == ["logs"]
    diagnostics.delete(cluster.id, "logs")
    with pytest.raises(ResourceNotFoundError):
        diagnostics.get(cluster.id, "logs")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"logs": [{"category": "kube-everything", "enabled": True}]}, "Category 'kube-everything' is not supported"),
        ({"workspace_id": None}, "At least one data sink needs to be specified"),
        ({"workspace_id": f"{SUBSCRIPTION}/resourceGroups/none/providers/a/b/c"}, "was not found"),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(
    diagnostics: Any, cluster: Any, workspace: str, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(HttpResponseError, match=said):
        diagnostics.create_or_update(cluster.id, "logs", {**setting(workspace, "guard"), **change})


def test_a_category_goes_to_a_workspace_once(diagnostics: Any, cluster: Any, workspace: str) -> None:
    diagnostics.create_or_update(cluster.id, "one", setting(workspace, "guard", "kube-audit-admin"))
    diagnostics.create_or_update(cluster.id, "other", setting(workspace, "kube-apiserver"))
    with pytest.raises(HttpResponseError) as refused:
        diagnostics.create_or_update(cluster.id, "other", setting(workspace, "guard"))
    assert (refused.value.status_code, words(refused).code) == (409, "Conflict")
    assert "already used in diagnostic setting 'one' for category 'guard'" in words(refused).message


def test_who_sends_logs_to_a_workspace_needs_its_keys(
    azure: Running, operator: Asker, cluster: Any, workspace: str, group: str
) -> None:
    holder = Holder(azure, operator, group, cluster.oidc_issuer_profile.issuer_url)
    role = holder.hold(["Microsoft.Insights/diagnosticSettings/write"])
    path = f"{cluster.id}/providers/Microsoft.Insights/diagnosticSettings/logs"
    body = {"properties": {"workspaceId": workspace, "logs": [{"category": "guard", "enabled": True}]}}
    refused = holder.ask("PUT", path, body)
    keys = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
    assert refused.json()["error"]["code"] == "LinkedAuthorizationFailed"
    assert f"'{keys}'" in refused.text
    holder.redefine(role, ["Microsoft.Insights/diagnosticSettings/write", keys])
    holder.do("PUT", path, body)


STREAMS = ["Microsoft-PrometheusMetrics"]


@pytest.fixture
def collection(azure: Running) -> Any:
    return azure.client(Collection)


@pytest.fixture
def metrics(azure: Running, group: str) -> Any:
    """An Azure Monitor workspace."""
    workspaces = azure.client(Workspaces).azure_monitor_workspaces
    return workspaces.create(group, "metrics", {"location": "northeurope"})


@pytest.fixture
def endpoint(collection: Any, group: str) -> Any:
    body = {"location": "northeurope", "kind": "Linux"}
    return collection.data_collection_endpoints.create(group, "dce-mc", body)


def rule(metrics: Any, endpoint: Any, location: str = "northeurope", destination: str = "there") -> dict[str, Any]:
    return {
        "location": location,
        "kind": "Linux",
        "data_collection_endpoint_id": endpoint.id,
        "data_sources": {"prometheus_forwarder": [{"name": "agents", "streams": STREAMS}]},
        "destinations": {"monitoring_accounts": [{"name": "there", "account_resource_id": metrics.id}]},
        "data_flows": [{"streams": STREAMS, "destinations": [destination]}],
    }


def test_metrics_go_to_a_workspace_by_endpoint_rule_and_association(
    collection: Any, cluster: Any, group: str, metrics: Any, endpoint: Any
) -> None:
    assert metrics.account_id
    assert endpoint.metrics_ingestion.endpoint.startswith("https://dce-mc-")
    assert endpoint.network_acls.public_network_access == "Enabled"
    made = collection.data_collection_rules.create(group, "dcr-mc", rule(metrics, endpoint))
    assert made.immutable_id.startswith("dcr-")
    assert [each.account_id for each in made.destinations.monitoring_accounts] == [metrics.account_id]
    associations = collection.data_collection_rule_associations
    associated = associations.create(cluster.id, "dcr-mc", {"data_collection_rule_id": made.id})
    assert associated.data_collection_rule_id == made.id
    assert [each.name for each in associations.list_by_resource(cluster.id)] == ["dcr-mc"]

    for kind, name in ((collection.data_collection_endpoints, "dce-mc"), (collection.data_collection_rules, "dcr-mc")):
        with pytest.raises(HttpResponseError, match="uses it"):
            kind.delete(group, name)
    associations.delete(cluster.id, "dcr-mc")
    collection.data_collection_rules.delete(group, "dcr-mc")
    collection.data_collection_endpoints.delete(group, "dce-mc")
    assert list(collection.data_collection_rules.list_by_resource_group(group)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"location": "westeurope"}, "is in northeurope: the rule must be, too"),
        ({"destination": "elsewhere"}, "There is no destination 'elsewhere'"),
    ],
)
def test_a_rule_that_leads_nowhere_is_refused(  # noqa: PLR0917
    collection: Any, group: str, metrics: Any, endpoint: Any, change: dict[str, str], said: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        collection.data_collection_rules.create(group, "dcr-mc", rule(metrics, endpoint, **change))
    assert words(refused).code == "InvalidPayload"
    assert said in words(refused).details[0].message


def test_an_association_is_with_a_rule_or_under_its_own_name_with_an_endpoint(
    collection: Any, cluster: Any, endpoint: Any
) -> None:
    associations = collection.data_collection_rule_associations
    body = {"data_collection_endpoint_id": endpoint.id}
    with pytest.raises(HttpResponseError, match="InvalidPayload"):
        associations.create(cluster.id, "mine", body)
    named = associations.create(cluster.id, "configurationAccessEndpoint", body)
    assert named.data_collection_endpoint_id == endpoint.id
