"""Logs and metrics of the management cluster, in workspaces of somebody else's."""

from __future__ import annotations

from infra import naming
from infra.control_plane_logs import CATEGORIES
from tests.program.conftest import Repository, config
from tests.program.plane import AKS, ONLY_AZURE, properties
from tests.program.project import STACK, Project
from tests.provider.azure import Azure


def test_what_the_control_plane_logs_goes_to_the_workspace_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    workspace = f"{hub}/providers/Microsoft.OperationalInsights/workspaces/logs"
    azure.arm.put(workspace, "2023-09-01", {"location": "westeurope", "properties": {}})
    plane.write(config(repository, logWorkspaceId=workspace), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    found = azure.find(f"{AKS}/providers/Microsoft.Insights/diagnosticSettings/diag-{STACK}", "2021-05-01-preview")
    assert found
    sent = found["properties"]
    assert (sent["workspaceId"], sent["logAnalyticsDestinationType"]) == (workspace, "Dedicated")
    assert [each["category"] for each in sent["logs"] if each["enabled"]] == list(CATEGORIES)
    assert [each["category"] for each in sent["metrics"] if each["enabled"]] == ["AllMetrics"]
    # Azure shows the other categories, too; that is no drift.
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert azure.find(found["id"], "2021-05-01-preview") is None
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_metrics_go_to_the_workspace_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    workspace = f"{hub}/providers/Microsoft.Monitor/accounts/metrics"
    azure.arm.put(workspace, "2023-04-03", {"location": "westeurope"})
    plane.write(config(repository, metricsWorkspaceId=workspace), program=ONLY_AZURE)
    plane.succeed("preview")
    plane.succeed("up", "--yes", "--skip-preview")
    assert properties(azure)["azureMonitorProfile"]["metrics"]["enabled"]
    insights, name = "providers/Microsoft.Insights", naming.data_collection_rule(STACK)
    association = azure.find(f"{AKS}/{insights}/dataCollectionRuleAssociations/{name}", "2022-06-01")
    assert association
    rule = azure.find(association["properties"]["dataCollectionRuleId"], "2022-06-01")
    assert rule
    assert rule["properties"]["destinations"]["monitoringAccounts"][0]["accountResourceId"] == workspace
    assert azure.find(rule["properties"]["dataCollectionEndpointId"], "2022-06-01")
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert [azure.find(each["id"], "2022-06-01") for each in (association, rule)] == [None, None]
    plane.succeed("destroy", "--yes", "--skip-preview")
