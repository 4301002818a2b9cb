"""Which clusters share control planes is decided by a setting when they are made, and stays so."""

from __future__ import annotations

from typing import Any

from tests.conformance.running import Running
from tests.conformance.test_managed_clusters import CLUSTER


def make(aks: Any, group: str, name: str, **changes: Any) -> str:
    """Create a cluster or change one; returns its ID."""
    body = {**CLUSTER, "dns_prefix": name, **changes}
    made: str = aks.managed_clusters.begin_create_or_update(group, name, body).result().id
    return made


def test_only_clusters_of_the_name_that_is_set_share_a_control_plane(no_faults: Running, aks: Any, group: str) -> None:
    no_faults.set(crowd="^crowd-")
    shared = {name: no_faults.clusters.specs[make(aks, group, name)].crowd for name in ("crowd-1", "my-crowd-1")}
    assert shared == {"crowd-1": True, "my-crowd-1": False}


def test_a_cluster_stays_what_it_was_made_as(no_faults: Running, aks: Any, group: str) -> None:
    no_faults.set(crowd="^crowd-")
    make(aks, group, "crowd-2")
    no_faults.set(crowd="")
    made = make(aks, group, "crowd-2", tags={"changed": "yes"})
    assert no_faults.clusters.specs[made].crowd
    assert not no_faults.clusters.specs[make(aks, group, "crowd-3")].crowd


def test_what_is_no_expression_is_refused(azure: Running) -> None:
    answer = azure.http.patch("/_local/settings", json={"crowd": "("})
    assert answer.status_code == 400
    assert "crowd: Value error, not a regular expression" in answer.json()["error"]
