"""Which nodes a cluster has: names and numbers as Azure gives them, kept over restarts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.clusters import records, versions
from local_azure.clusters.records import ClusterRecord
from local_azure.clusters.spec import PoolSpec
from local_azure.errors import LocalAzureError
from tests.unit.test_cluster_spec import SPEC

EMPTY = ClusterRecord(1, SPEC)


def names(record: ClusterRecord, pool: str) -> list[str]:
    """The names of a pool's nodes, without the cluster's own digits."""
    return [record.node_name(node).removeprefix(record.scale_set(pool)) for node in record.nodes_of(pool)]


def test_a_node_is_named_after_its_scale_set_and_instance() -> None:
    record = EMPTY.with_pool(PoolSpec("system", 1))
    assert record.node_name(record.nodes[0]).startswith("aks-system-")
    assert record.node_name(record.nodes[0]).endswith("-vmss000000")


def test_all_pools_of_a_cluster_share_the_digits_in_their_names() -> None:
    digits = {EMPTY.scale_set(pool).split("-")[2] for pool in ("system", "user")}
    assert len(digits) == 1


def test_instances_count_up_in_base_36() -> None:
    record = EMPTY.with_pool(PoolSpec("system", 37))
    assert names(record, "system")[-3:] == ["00000y", "00000z", "000010"]


def test_scaling_in_takes_the_newest_node() -> None:
    record = EMPTY.with_pool(PoolSpec("system", 3)).with_pool(PoolSpec("system", 2))
    assert names(record, "system") == ["000000", "000001"]


def test_a_name_is_never_given_twice_but_an_address_is() -> None:
    record = EMPTY
    for count in (2, 1, 2):
        record = record.with_pool(PoolSpec("system", count))
    assert names(record, "system") == ["000000", "000002"]
    assert {node.number for node in record.nodes} == {0, 1}


def test_a_pool_that_is_removed_leaves_the_others_alone() -> None:
    record = EMPTY.with_pool(PoolSpec("system", 2)).with_pool(PoolSpec("user", 1))
    before = record.nodes_of("system")
    assert record.without_pool("user").nodes == before
    assert record.without_pool("user").pools.keys() == {"system"}


def test_an_upgrade_replaces_node_by_node_the_oldest_first() -> None:
    old, new = PoolSpec("system", 3, kubernetes_version="1.36.2"), PoolSpec("system", 3, kubernetes_version="1.36.3")
    steps = list(EMPTY.with_pool(old).towards(new))
    assert [names(step, "system") for step in steps] == [
        ["000001", "000002", "000003"],
        ["000002", "000003", "000004"],
        ["000003", "000004", "000005"],
    ]
    assert {node.version for node in steps[-1].nodes} == {"1.36.3"}
    assert list(steps[-1].towards(new)) == [steps[-1]]


def test_an_upgrade_that_was_cut_short_goes_on_with_the_nodes_that_are_left() -> None:
    old, new = PoolSpec("system", 2, kubernetes_version="1.36.2"), PoolSpec("system", 2, kubernetes_version="1.36.3")
    first, *_ = EMPTY.with_pool(old).towards(new)
    assert [names(step, "system") for step in first.towards(new)] == [["000002", "000003"]]


def test_a_pool_that_grows_in_an_upgrade_has_the_new_version_at_its_end() -> None:
    old, new = PoolSpec("system", 1, kubernetes_version="1.36.2"), PoolSpec("system", 2, kubernetes_version="1.36.3")
    [step] = EMPTY.with_pool(old).towards(new)
    assert [(node.instance, node.version) for node in step.nodes] == [(1, "1.36.3"), (2, "1.36.3")]


def test_a_version_runs_the_program_built_for_it_or_the_newest(tmp_path: Path) -> None:
    (tmp_path / "v1.36.2").mkdir()
    (tmp_path / "v1.36.2" / "kube").touch()
    assert versions.program(tmp_path, "1.36.2") == tmp_path / "v1.36.2" / "kube"
    assert versions.program(tmp_path, "1.34.8") == versions.program(tmp_path, "") == tmp_path / "kube"


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "gpu"]), st.integers(0, 12)), max_size=12))
def test_whatever_the_order_of_changes_every_node_has_its_own_address(changes: list[tuple[str, int]]) -> None:
    record, wanted = EMPTY, dict[str, int]()
    for pool, count in changes:
        record = record.with_pool(PoolSpec(pool, count))
        wanted[pool] = count
    assert {pool: len(record.nodes_of(pool)) for pool in wanted} == wanted
    addresses = [record.node_ip(node) for node in record.nodes]
    assert len(set(addresses)) == len(addresses) == len(record.pod_routes())


def test_a_node_that_replaces_another_has_a_place_of_its_own() -> None:
    """Both are there until the new one is ready."""
    before = EMPTY.with_pool(PoolSpec("system", 2, kubernetes_version="1.36.2"))
    for after in before.towards(PoolSpec("system", 2, kubernetes_version="1.36.3")):
        (new,) = [node for node in after.nodes if node not in before.nodes]
        assert new.number not in {node.number for node in before.nodes}
        before = after


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    pool = PoolSpec("system", 2, labels={"a": "b"}, taints=["x=y:NoSchedule"], zones=["1", "2"])
    record = EMPTY.with_pool(pool)
    records.save(record)
    assert records.load_all()[SPEC.key].nodes == record.nodes
    assert records.load_all()[SPEC.key].spec == SPEC


def test_a_record_that_cannot_be_read_is_not_overlooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / records.FILE).write_text('{"index": 1, "spec": {"made": "by another version"}}')
    with pytest.raises(LocalAzureError, match="cannot be read"):
        records.load_all()


def test_the_lowest_free_number_is_given_out() -> None:
    used = {str(index): ClusterRecord(index, SPEC) for index in (1, 2, 4)}
    assert records.free_index(used) == 3
    assert records.free_index({str(index): ClusterRecord(index, SPEC) for index in range(1, 32)}) is None


def test_a_cluster_that_is_made_anew_has_nodes_of_other_names() -> None:
    """The old one may come back, and its nodes hold certificates for their own names."""
    anew = replace(EMPTY, spec=replace(SPEC, issuer_url=f"{SPEC.issuer_url}anew/"))
    assert anew.scale_set("system") != EMPTY.scale_set("system")
    moved = replace(EMPTY, spec=replace(SPEC, resource_id=f"{SPEC.resource_id}-the-old-one"))
    assert moved.scale_set("system") == EMPTY.scale_set("system")
