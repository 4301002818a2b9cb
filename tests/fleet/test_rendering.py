"""The whole fleet is rendered by Flux itself: each object with where it comes from, each failure with its directory."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fleet.rendering import Rendering, checkout, render
from tests.fleet.rendering import REPOSITORY, REQUESTS, Fleet

FIRST = (REQUESTS / "first" / "cluster.yaml").read_text()


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """The seed, its Secrets as they are."""
    fleet = Fleet(tmp_path)
    shutil.copytree(REPOSITORY / "hydration", fleet.path / "hydration", dirs_exist_ok=True)
    return fleet


def rendered(fleet: Fleet) -> Rendering:
    with checkout(fleet.path) as copy:
        return render(copy)


def test_the_seed_renders(fleet: Fleet) -> None:
    rendering = rendered(fleet)
    assert rendering.failures == []
    assert rendering.environments == ("dev", "staging", "production")
    assert rendering.clusters == {}


def test_each_object_says_where_it_comes_from(fleet: Fleet) -> None:
    fleet.request("first")
    rendering = rendered(fleet)
    request = rendering.clusters["environments/dev/clusters/first"]
    assert (request.environment, request.namespace, request.name) == ("dev", "clusters", "first")
    assert request.cluster["spec"]["topology"]["version"] == "v1.36.3"
    assert [(item.object["kind"], item.file) for item in request.items] == [
        ("Cluster", "environments/dev/clusters/first/cluster.yaml"),
        ("Kustomization", "hydration/agent/agent.yaml"),
        ("Kustomization", "hydration/agent/sync.yaml"),
    ]
    assert {item.kustomization for item in rendering.on_clusters} == {"first-sync", "workloads"}


def test_it_is_what_flux_builds_of_all_of_them_at_once(fleet: Fleet) -> None:
    for name in ("blue", "green", "red"):
        fleet.request(name)
    clusters = [each for each in fleet.environment() if each["kind"] == "Cluster"]
    assert [each.cluster for each in rendered(fleet).clusters.values()] == clusters


def test_a_broken_request_hides_no_other(fleet: Fleet) -> None:
    for number in range(9):
        fleet.request(f"c{number}")
    fleet.request("broken", "apiVersion: [")
    fleet.request("unset", FIRST.replace("replicas: 1", "replicas: '${nodes}'"))
    rendering = rendered(fleet)
    assert len(rendering.clusters) == 9
    said = {each.directory.rpartition("/")[2]: each.message for each in rendering.failures}
    assert said.keys() == {"broken", "unset"}
    assert "cluster.yaml" in said["broken"]
    assert said["unset"].endswith('variable not set (strict mode): "nodes"')


def test_two_requests_for_one_cluster_fail(fleet: Fleet) -> None:
    fleet.request("first")
    (fleet.request("second") / "cluster.yaml").write_text(FIRST)
    assert [each.message for each in rendered(fleet).failures if "Cluster " in each.message] == [
        "Cluster clusters/first is in environments/dev/clusters/first already: names are unique in the fleet"
    ]


def test_nothing_is_fetched_or_read_from_elsewhere(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stolen}\n")
    for name, reference in (("outside", "../../../../../secret.yaml"), ("remote", "https://example.com/base?ref=v1")):
        (fleet.request(name) / "kustomization.yaml").write_text(f"resources: ['{reference}']\n")
    (fleet.request("link") / "cluster.yaml").unlink()
    (fleet.path / "environments/dev/clusters/link/cluster.yaml").symlink_to(tmp_path / "secret.yaml")
    with checkout(fleet.path) as copy:
        rendering = render(copy)
    assert {each.directory.rpartition("/")[2] for each in rendering.failures} == {"outside", "remote", "link"}
    assert [each.file for each in copy.refused] == ["environments/dev/clusters/link/cluster.yaml"]
    assert "stolen" not in str(rendering.items)


def test_a_commit_is_rendered_without_touching_the_clone(fleet: Fleet) -> None:
    fleet.request("first")
    git = ["git", "-C", str(fleet.path), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    fleet.request("second")
    with checkout(fleet.path, "main") as committed, checkout(fleet.path) as present:
        assert [len(render(each, on_clusters=False).clusters) for each in (committed, present)] == [1, 2]


def test_what_the_management_cluster_knows_can_be_given(fleet: Fleet) -> None:
    fleet.request("first")
    with checkout(fleet.path) as copy:
        values = {
            "runtime-info": {"location": "westeurope", "domain": "d", "fleet_url": "https://git.example.com/f.git"}
        }
        (request,) = render(copy, values).clusters.values()
    assert request.cluster["metadata"]["labels"]["region"] == "westeurope"
