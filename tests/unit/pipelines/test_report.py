"""The comment as reviewers read it. The page for people shows the same one, and a test compares them."""

from __future__ import annotations

from pathlib import Path

from pipelines import report
from pipelines.outcome import Change, Outcome, Violation
from pipelines.unmanaged import Unmanaged

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "pull-requests.md"
VERSION = "kubernetesVersion: 1.36.2 → 1.36.3"
UPGRADE = Outcome(
    "dev",
    changes=[
        Change("update", "pulumi-python:dynamic/slipway:ClusterApiProviders", "providers", ("versions",)),
        Change(
            "update", "azure-native:containerservice:ManagedCluster", "aks", ("kubernetesVersion: 1.36.2 → 1.36.3",)
        ),
        Change("create", "azure-native:authorization:RoleAssignment", "flux-reader"),
    ],
    notes=[
        "Cluster API providers: cluster-api v1.12.5 → v1.12.8",
        "flux: v2.9.4 → v2.9.5",
        "A new seed for the branch seed:\n  ~ classes/aks-v1.yaml\n  + classes/aks-v2.yaml",
    ],
    warnings=["The management cluster cannot be reached: Flux and the hand-off are compared with the last run."],
    violations=[Violation("standard-tier", False, "aks is of the tier Free, which has no SLA and a small API server.")],
)


def test_the_comment_says_effects_and_what_it_does_not_know() -> None:
    said = report.preview(UPGRADE)
    assert said.splitlines()[:2] == [
        "<!-- slipway: preview of dev -->",
        "## `pulumi preview` of `dev`: 2 to update, 1 to create",
    ]
    assert "- Cluster API providers: cluster-api v1.12.5 → v1.12.8" in said
    assert "  ~ classes/aks-v1.yaml" in said
    assert said.index("### Not compared") > said.index("### In words")
    assert "| update | `aks` | ManagedCluster | kubernetesVersion: 1.36.2 → 1.36.3 |" in said


def test_the_page_shows_this_comment() -> None:
    assert report.preview(UPGRADE) in PAGE.read_text()


def test_a_mandatory_policy_is_the_headline_and_comes_first() -> None:
    advisory, mandatory = Violation("zones", False, "one zone"), Violation("no-local-accounts", True, "has | accounts")
    said = report.preview(Outcome("dev", failed=True, violations=[advisory, mandatory]))
    assert said.splitlines()[1].endswith("refused by policy")
    assert said.index("**mandatory** | `no-local-accounts` | has \\| accounts") < said.index("advisory | `zones`")


def test_of_very_many_changes_the_comment_keeps_the_worst() -> None:
    changes = [Change("create", "a:b:C", f"new-{number}") for number in range(500)] + [Change("delete", "a:b:C", "old")]
    said = report.preview(Outcome("dev", changes=changes))
    assert "| **delete** | `old` |" in said
    assert "and 441 more" in said
    assert len(said) < 65536


def test_nothing_to_do_is_said_in_two_words() -> None:
    assert report.preview(Outcome("dev")).splitlines()[1] == "## `pulumi preview` of `dev`: no changes"


def test_a_night_in_which_providers_were_not_compared_is_not_called_quiet() -> None:
    note = "The Cluster API providers are not compared: the management cluster refuses (HTTP 403): no"
    said = report.drift(Outcome("dev", notes=[note]))
    assert said.splitlines()[1] == "## Drift of `dev`: 1 resource could not be compared"
    assert f"### Not compared\n\n- {note}" in said
    assert report.findings(Outcome("dev", notes=[note])) == ["1 resource could not be compared"]
    assert report.findings(Outcome("dev", notes=["flux: v2.9.4 → v2.9.5"])) == []


def test_a_night_tells_of_clusters_that_nothing_manages() -> None:
    said = report.drift(Outcome("dev"), Unmanaged(("/subscriptions/5f3a/…/managedClusters/left-over",)))
    assert said.splitlines()[1] == "## Drift of `dev`: 1 cluster that nothing manages"
    assert "- `/subscriptions/5f3a/…/managedClusters/left-over` runs, and nothing manages it: put its" in said
    assert report.drift(Outcome("dev")).splitlines()[1] == "## Drift of `dev`: no drift"
