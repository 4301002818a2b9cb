"""Whatever is in a pull request, validation ends soon, with little memory, and says at which line it stopped."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from fleet.rendering.safe_yaml import Text, parse
from tests.fleet.rendering import Fleet

SECONDS, MEMORY = 120, 512 * 1024**2
"""For all of it together, generous since the machine may be busy; the bomb alone would take minutes and gigabytes."""

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 9)}]\n" for level in range(9)
)
HOSTILE = {
    "a-bomb-of-aliases": (LAUGHS.encode(), "aliases expand"),
    "an-alias-of-itself": (b"a: &a [*a]\n", "aliases expand"),
    "a-million-brackets": (b"[" * 500_000, "nested more than"),
    "a-compact-list-deeply-nested": (b"- " * 200_000 + b"x", "nested more than"),
    "an-object-of-python": (b"a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
    "ten-megabytes": (b"a: b\n" * 2_000_000, "more than 524288"),
    "a-key-twice": (b"a: 1\na: 2\n", "there twice"),
    "bytes-that-are-no-text": (b"a: \xff\xfe\n", "is not UTF-8"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command prints of a repository with all of this, and a link."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "elsewhere.yaml").write_text("password: hunter2\n")
    fleet = Fleet(folder)
    for name, (content, _) in HOSTILE.items():
        (fleet.request(name) / "cluster.yaml").write_bytes(content)
    link = fleet.request("a-link") / "cluster.yaml"
    link.unlink()
    link.symlink_to(folder / "elsewhere.yaml")
    command = [sys.executable, "-m", "fleet", "validate", str(fleet.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 1, done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MEMORY
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_is_refused_soon_with_little_memory_and_its_line(name: str, told: str) -> None:
    (line,) = [line for line in told.splitlines() if line.startswith(f"environments/dev/clusters/{name}/cluster.yaml:")]
    assert HOSTILE[name][1] in line


def test_a_link_is_not_followed(told: str) -> None:
    assert "environments/dev/clusters/a-link/cluster.yaml:1:1: is a link to" in told
    assert "hunter2" not in told


def test_aliases_as_people_use_them_are_welcome() -> None:
    assert isinstance(parse(b"a: &a {b: c}\nd: *a\ne: *a\n"), Text)
