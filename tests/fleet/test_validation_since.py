"""In a pull request only what changed is looked at, beside the names and networks of all others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fleet.validation.check import validate
from tests.fleet.mistakes import FIRST
from tests.fleet.rendering import Fleet, seeded


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A repository that is valid."""
    return seeded(tmp_path)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True)


def committed(fleet: Fleet) -> Path:
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "before"]):
        git(fleet.path, *arguments)
    return fleet.path


def test_since_a_commit_only_what_changed_is_rendered(fleet: Fleet) -> None:
    folder = committed(fleet)
    fleet.request("second", FIRST.replace("replicas", "replica"))
    result = validate(folder, since="main")
    assert [(each.file.split("/")[3], each.rule) for each in result.findings] == [("second", "schema")]
    assert result.clusters == 1


@pytest.mark.parametrize(
    ("version", "says"),
    [("v1.35.9", "is older than v1.36.3"), ("v1.38.0", "skips a minor version: dev has v1.36.3"), ("v1.37.0", None)],
)
def test_kubernetes_goes_up_one_minor_version_at_a_time(version: str, says: str | None, fleet: Fleet) -> None:
    folder = committed(fleet)
    release = folder / "environments/dev/release.yaml"
    release.write_text(release.read_text().replace("v1.36.3", version))
    found = [each for each in validate(folder, since="main").findings if each.rule == "kubernetes-version"]
    assert [(each.file, each.line, each.message) for each in found] == (
        [("environments/dev/release.yaml", 10, says)] if says else []
    )


NETWORK = "  variables:\n  - name: nodeCidr\n    required: false\n    schema: {openAPIV3Schema: {type: string}}\n"


def with_network(fleet: Fleet, name: str, network: str) -> None:
    variables = f"    variables: [{{name: nodeCidr, value: {network}}}]\n    workers:"
    fleet.request(name, FIRST.replace("    workers:", variables))


def test_an_overlap_with_a_cluster_that_did_not_change_is_found(fleet: Fleet) -> None:
    file = fleet.path / "classes/aks-v1.yaml"
    file.write_text(file.read_text().replace("\n  variables:\n", f"\n{NETWORK}", 1))
    with_network(fleet, "old", "10.1.128.0/20")
    folder = committed(fleet)
    with_network(fleet, "wide", "10.1.0.0/16")
    with_network(fleet, "narrow", "10.1.129.0/24")
    with_network(fleet, "apart", "10.2.0.0/16")
    result = validate(folder, since="main")
    assert result.clusters == 3
    assert [(each.file.split("/")[3], each.message) for each in result.findings] == [
        ("narrow", "overlaps with nodeCidr of cluster old, 10.1.128.0/20"),
        ("wide", "overlaps with nodeCidr of cluster old, 10.1.128.0/20"),
    ]


def test_a_name_that_a_cluster_has_that_did_not_change_is_taken(fleet: Fleet) -> None:
    folder = committed(fleet)
    (fleet.request("another") / "cluster.yaml").write_text(FIRST)
    assert [(each.file.split("/")[3], each.rule) for each in validate(folder, since="main").findings] == [
        ("another", "unique-name")
    ]


def test_a_file_deep_in_a_request_is_of_the_request(fleet: Fleet) -> None:
    request = fleet.request("deep")
    (request / "patches").mkdir()
    (request / "patches" / "labels.yaml").write_text("- {op: add, path: /metadata/labels/team, value: a}\n")
    text = (request / "kustomization.yaml").read_text()
    (request / "kustomization.yaml").write_text(
        f"{text}patches: [{{path: patches/labels.yaml, target: {{kind: Cluster}}}}]\n"
    )
    folder = committed(fleet)
    (request / "patches" / "labels.yaml").write_text("- {op: add, path: /spec/colour, value: blue}\n")
    found = validate(folder, since="main")
    assert (found.clusters, [each.field for each in found.findings]) == (1, ["spec.colour"])


def test_requests_that_share_files_are_all_looked_at(fleet: Fleet) -> None:
    text = (fleet.path / "environments/dev/clusters/first/kustomization.yaml").read_text()
    (fleet.request("second") / "kustomization.yaml").write_text(f"{text}patches: [{{path: ../first/more.yaml}}]\n")
    patch = fleet.path / "environments/dev/clusters/first/more.yaml"
    patch.write_text(FIRST.replace("name: first", "name: second").replace("replicas: 1", "replicas: 2"))
    folder = committed(fleet)
    patch.write_text(patch.read_text().replace("replicas: 2", "replicas: two"))
    assert validate(folder, since="main").clusters == 2


def test_what_all_share_has_everything_rendered(fleet: Fleet) -> None:
    folder = committed(fleet)
    settings = folder / "environments/dev/settings.yaml"
    settings.write_text(settings.read_text() + "# changed\n")
    assert validate(folder, since="main").clusters == 1


def test_a_request_that_is_removed_is_not_rendered(fleet: Fleet) -> None:
    fleet.request("second")
    folder = committed(fleet)
    for file in (folder / "environments/dev/clusters/second").iterdir():
        file.unlink()
    result = validate(folder, since="main")
    assert (result.clusters, result.findings) == (0, ())
