"""What is known of a crowd: each cluster by its own ID, in the folder of the control plane it shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local_azure.clusters import control_plane_flags, crowd_records, records
from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord
from local_azure.clusters.spec import PoolSpec
from tests.unit.test_cluster_spec import SPEC

SHARED = ClusterRecord(3, replace(SPEC, resource_id=SPEC.resource_id.replace("One", "shared"), crowd=True))
MEMBER = ClusterRecord(3, replace(SPEC, crowd=True)).with_pool(PoolSpec("system", 2))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)


def test_a_member_is_found_by_its_id_whatever_the_case() -> None:
    crowd_records.save(MEMBER)
    found = crowd_records.load(SPEC.resource_id.upper())
    assert found
    assert (found.index, found.spec, found.nodes) == (MEMBER.index, MEMBER.spec, MEMBER.nodes)
    assert len(crowd_records.members(SHARED)) == 1


def test_a_member_is_no_cluster_of_this_machine() -> None:
    records.save(SHARED)
    crowd_records.save(MEMBER)
    assert records.load_all() == {SHARED.spec.key: SHARED}


def test_nothing_is_left_of_one_that_is_forgotten() -> None:
    crowd_records.save(MEMBER)
    crowd_records.forget(MEMBER)
    assert crowd_records.load(SPEC.resource_id) is None
    assert crowd_records.members(SHARED) == []


def test_only_where_nodes_have_no_machine_nobody_asks_whether_they_live() -> None:
    flags = [
        control_plane_flags.controller_manager(record, Pki(record), Path("/kubeconfig"))
        for record in (SHARED, ClusterRecord(1, SPEC))
    ]
    assert [any("-node-lifecycle-controller" in flag for flag in each) for each in flags] == [True, False]
