"""`fleet validate` finds more than a loop of `kustomize build | kubeconform`, and all that the loop finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fleet.validation.check import validate
from tests.fleet import loop
from tests.fleet.mistakes import BROKEN
from tests.fleet.rendering import seeded

pytestmark = pytest.mark.skipif(
    shutil.which("kubeconform") is None,
    reason="no kubeconform: `make toolchain` builds it",
)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the schemas, for kubeconform."""
    return loop.formats(tmp_path_factory.mktemp("schemas") / "formats")


def test_a_request_without_a_mistake_passes_both(tmp_path: Path, location: str) -> None:
    fleet = seeded(tmp_path)
    assert validate(fleet.path).findings == ()
    assert loop.passes(fleet.path / "environments/dev/clusters/first", location)


def test_all_that_the_loop_finds_is_found_and_as_much_again(tmp_path: Path, location: str) -> None:
    by_loop, found = loop.found_by_both(tmp_path, location)
    assert by_loop == {
        "a-field-with-a-typo",
        "text-for-a-number",
        "a-kind-with-a-typo",
        "broken-yaml",
        "a-key-twice",
        "an-environment-that-nobody-applies",
        "a-variable-that-is-not-set",
        "a-resource-that-is-not-there",
        "a-path-out-of-the-repository",
        "a-remote-base",
        "text-that-is-not-utf-8",
        "nodes-newer-than-their-cluster",
        "a-later-pool-newer-than-its-cluster",
    }
    assert found == BROKEN.keys()
    assert len(found) > 2 * len(by_loop)
