"""Control groups of nodes on machines of both kinds, told by the files the kernel would show."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_azure.machine import cgroups


@pytest.fixture
def v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A unified hierarchy in which every group already shows its files."""
    for folder in (tmp_path, tmp_path / "slipway", tmp_path / "slipway" / "1-n0"):
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.controllers").write_text("cpuset cpu io memory pids rdma\n")
        (folder / "cgroup.subtree_control").write_text("")
        (folder / "cgroup.procs").write_text("")
    monkeypatch.setattr(cgroups, "_hierarchies", lambda: [tmp_path])
    return tmp_path


@pytest.fixture
def v1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cpuset hierarchy, in which a new group has no CPU."""
    for folder in (tmp_path, tmp_path / "slipway", tmp_path / "slipway" / "1-n0"):
        folder.mkdir(exist_ok=True)
        for name, text in {"tasks": "", "cpuset.cpus": "\n", "cpuset.mems": "\n"}.items():
            (folder / name).write_text(text)
    (tmp_path / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset.mems").write_text("0\n")
    monkeypatch.setattr(cgroups, "_hierarchies", lambda: [tmp_path])
    return tmp_path


def test_on_v2_every_level_hands_its_controllers_down(v2: Path) -> None:
    assert cgroups.create("1-n0") == "/slipway/1-n0"
    for folder in (v2, v2 / "slipway", v2 / "slipway" / "1-n0"):
        assert (folder / "cgroup.subtree_control").read_text() == "+cpu +cpuset +io +memory +pids"


def test_on_v2_nothing_is_written_where_all_is_handed_down_already(v2: Path) -> None:
    control = v2 / "cgroup.subtree_control"
    control.write_text("cpuset cpu io memory pids\n")
    cgroups.create("1-n0")
    assert control.read_text() == "cpuset cpu io memory pids\n"


def test_on_v1_every_level_gets_the_cpus_of_the_one_above(v1: Path) -> None:
    cgroups.create("1-n0")
    assert (v1 / "slipway" / "1-n0" / "cpuset.cpus").read_text() == "0-1\n"
    assert (v1 / "slipway" / "1-n0" / "cpuset.mems").read_text() == "0\n"


@pytest.mark.parametrize(("file", "weight"), [("cpu.shares", "20480"), ("cpu.weight", "2000")])
def test_all_pods_together_are_more_than_one_process(v1: Path, file: str, weight: str) -> None:
    for folder in (v1, v1 / "slipway", v1 / "slipway" / "1-n0"):
        (folder / file).write_text("usual")
    cgroups.create("1-n0")
    found = [(folder / file).read_text() for folder in (v1, v1 / "slipway", v1 / "slipway" / "1-n0")]
    assert found == ["usual", weight, "usual"]


def test_processes_are_found_in_groups_below_too(v2: Path) -> None:
    pod = v2 / "slipway" / "1-n0" / "kubepods" / "pod1"
    pod.mkdir(parents=True)
    (pod / "cgroup.procs").write_text("41\n42\n")
    (v2 / "slipway" / "1-n0" / "cgroup.procs").write_text("7\n")
    assert cgroups.pids("1-n0") == {7, 41, 42}
    assert cgroups.pids() == {7, 41, 42}
    assert cgroups.pids("2-n0") == set()
