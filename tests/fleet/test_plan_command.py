"""`python -m fleet plan` from a terminal: formats, exit codes, and what it refuses in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.__main__ import main
from fleet.plan.markdown import MARKER
from tests.fleet.pull_requests import Repository, git


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with two branches: `scale` may be merged, `remove` must not be."""
    fleet = Repository(tmp_path_factory.mktemp("fleet"))
    fleet.branch()
    fleet.cluster("shop", ("replicas: 1", "replicas: 3"))
    fleet.commit("Scale")
    git(fleet.path, "branch", "--move", "scale")
    git(fleet.path, "switch", "--quiet", "-c", "remove", "main")
    git(fleet.path, "rm", "-rq", str(fleet.directory("shop")))
    fleet.commit("Remove")
    return fleet.path


def plan(repository: Path, *arguments: str) -> int:
    """Its exit code."""
    return main(["plan", "--repository", str(repository), *arguments])


def test_what_may_be_merged_ends_with_0(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(repository, "--head", "scale") == 0
    said = capsys.readouterr().out
    assert said.startswith("1 cluster changed in dev: +2 nodes, +4 cores; nothing that runs is disturbed\n")
    assert "pool system 1 → 3 nodes" in said


def test_what_must_not_be_merged_ends_with_1_and_the_way_to_do_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(repository, "--head", "remove") == 1
    said = capsys.readouterr().out
    assert "deletion-not-approved: environments/dev/clusters/shop is removed" in said
    assert "Instead: put the directory back and set slipway.dev/deletion-approved-by" in said


def test_programs_get_json(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(repository, "--head", "scale", "--format", "json") == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["base"], made["head"], made["allowed"]) == ("main", "scale", True)
    assert [(each["name"], each["nodes"], each["effect"]) for each in made["clusters"]] == [("shop", 2, "in place")]


def test_a_pull_request_gets_markdown(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(repository, "--head", "scale", "--format", "markdown") == 0
    assert capsys.readouterr().out.startswith(MARKER)


def with_prices(repository: Path, text: str) -> None:
    """A branch `prices` from `scale`, with a table of prices."""
    git(repository, "switch", "--quiet", "--force-create", "prices", "scale")
    (repository / "prices.yaml").write_text(text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Prices")


def test_a_size_without_a_price_is_told(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_prices(repository, "currency: EUR\nnodes: {Standard_D8s_v5: 280}\n")
    assert plan(repository, "--head", "prices") == 0
    assert "without a price in prices.yaml: Standard_D2s_v5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("currency: EUR\nnodes: {a: cheap}\n", 2, "prices.yaml: nodes.a: Input should be a valid number"),
        ("currency: EUR\nnodes: {a: 1, a: 2}\n", 1, "prices.yaml:2:15: the key a is there twice"),
        ("[" * 5000, 1, "nested more than"),
    ],
    ids=["a-word-for-a-number", "a-key-twice", "a-bomb"],
)
def test_prices_that_cannot_be_read_are_told(
    repository: Path, text: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with_prices(repository, text)
    assert plan(repository, "--head", "prices") == code
    told = capsys.readouterr()
    assert said in told.out + told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--context", "management"], "management would not be asked: add --live, or leave out --kubeconfig and"),
        (["--kubeconfig", "there.yaml"], "there.yaml would not be asked: add --live, or leave out --kubeconfig and"),
        (["--base", "trunk"], "has no commit trunk: `git fetch` it, or name it by --base or --head"),
    ],
)
def test_what_cannot_be_found_out_ends_with_2_and_one_line(
    repository: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(repository, *arguments) == 2
    told = capsys.readouterr()
    assert (told.out, said in told.err) == ("", True)
