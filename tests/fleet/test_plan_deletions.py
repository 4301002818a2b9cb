"""Pull requests after which a cluster or a pool is gone, is another, or was there before: what they need, and say."""

from __future__ import annotations

from tests.fleet.comments import compare, plan, rules
from tests.fleet.pull_requests import APPROVAL, Repository, git


def test_a_deletion_that_was_approved_before_goes_through(repository: Repository) -> None:
    repository.approve("shop")
    made = plan(repository, lambda fleet: git(fleet.path, "rm", "-rq", str(fleet.directory("shop"))))
    assert rules(made) == []
    compare("delete-in-the-second-merge", made)


def test_an_approval_that_has_ended_is_refused(repository: Repository) -> None:
    repository.approve("shop")
    repository.cluster("shop", ("2030", "2028"))
    made = plan(repository, lambda fleet: git(fleet.path, "rm", "-rq", str(fleet.directory("shop"))))
    assert rules(made) == ["approval-expired"]


def test_approval_and_removal_in_one_merge_are_refused(repository: Repository) -> None:
    repository.branch()
    repository.approve("shop")
    repository.commit("Approve")
    git(repository.path, "rm", "-rq", str(repository.directory("shop")))
    repository.commit("Remove")
    made = plan(repository)
    assert rules(made) == ["approval-first"]
    compare("approve-and-delete-at-once", made)


def test_a_pool_is_approved_and_then_removed(repository: Repository) -> None:
    repository.add_pool("shop", "apps", 3)
    made = plan(repository, lambda fleet: fleet.approve_pool("shop", "apps"))
    assert rules(made) == []
    compare("approve-the-removal-of-a-pool", made)
    git(repository.path, "switch", "--quiet", "main")
    git(repository.path, "merge", "--quiet", "change")
    git(repository.path, "branch", "--quiet", "-d", "change")
    made = plan(repository, lambda fleet: fleet.remove_pool("shop", "apps"))
    assert rules(made) == []
    assert [each.method for each in made.changes[0].writes] == ["DELETE"]
    compare("remove-a-pool", made)


def test_a_pool_is_kept_whose_removal_nobody_approved(repository: Repository) -> None:
    repository.add_pool("shop", "apps", 3)
    made = plan(repository, lambda fleet: fleet.remove_pool("shop", "apps"))
    assert rules(made) == ["pool-deletion-not-approved"]
    assert (made.changes[0].writes, made.changes[0].nodes) == ((), 0)
    compare("remove-a-pool-without-approval", made)


def test_moving_a_directory_between_environments_keeps_the_cluster(repository: Repository) -> None:
    made = plan(
        repository,
        lambda fleet: git(fleet.path, "mv", str(fleet.directory("shop")), str(fleet.directory("shop", "staging"))),
    )
    assert [(each.kind, each.cluster.environment) for each in made.changes] == [("moved", "staging")]


def test_an_approval_is_withdrawn(repository: Repository) -> None:
    repository.approve("shop")
    made = plan(repository, lambda fleet: fleet.cluster("shop", (APPROVAL, "")))
    assert ([each.kind for each in made.changes], rules(made)) == (["approval withdrawn"], [])


def test_another_name_in_an_approved_directory_replaces_the_cluster(repository: Repository) -> None:
    repository.approve("shop")
    made = plan(repository, lambda fleet: fleet.cluster("shop", (f"name: shop{APPROVAL}\n", "name: store\n")))
    (change,) = made.changes
    assert (change.kind, change.effect, rules(made)) == ("replaced", "disruptive", [])
    assert {(each.method, each.path) for each in change.writes} >= {
        ("PUT", "managedClusters/store"),
        ("DELETE", "managedClusters/shop"),
    }
    compare("replace-a-cluster", made)


def test_what_runs_in_azure_already_is_adopted(repository: Repository) -> None:
    def adopt(fleet: Repository) -> None:
        fleet.request("old", example="straight")
        annotation = "\n  annotations: {sigs.k8s.io/cluster-api-provider-azure-adopt: 'true'}\n"
        fleet.cluster("old", ("name: old\n", f"name: old{annotation}"))

    made = plan(repository, adopt)
    assert ([each.kind for each in made.changes], rules(made)) == (["adopted"], [])
    compare("adopt-a-cluster", made)
