"""Order of releases, by which upgrades and downgrades are told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from management_cluster.clusterctl import downgrades, upgrades
from management_cluster.semver import newer, same_minor

NUMBERS = st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))


@given(one=NUMBERS, other=NUMBERS)
def test_releases_are_ordered_by_number_not_by_text(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    first, second = (f"v{'.'.join(map(str, numbers))}" for numbers in (one, other))
    assert newer(first, second) == (one > other)
    assert same_minor(first, second) == (one[:2] == other[:2])


def test_a_prerelease_comes_before_its_release() -> None:
    assert newer("v1.12.0", "v1.12.0-rc.1")
    assert newer("v1.12.0-rc.1", "v1.11.9")


def test_only_newer_providers_count_as_downgrades() -> None:
    installed = {"cluster-api": "v1.12.10", "infrastructure-azure": "v1.23.0"}
    wanted = {"cluster-api": "v1.12.8", "infrastructure-azure": "v1.23.1", "bootstrap-kubeadm": "v1.12.8"}
    assert downgrades(installed, wanted) == ["cluster-api v1.12.10 is installed, older v1.12.8 is asked for"]


def test_upgrades_say_from_which_version_to_which() -> None:
    installed = {"cluster-api": "v1.12.5", "infrastructure-azure": "v1.23.1"}
    wanted = {"cluster-api": "v1.12.8", "infrastructure-azure": "v1.23.1", "bootstrap-kubeadm": "v1.12.8"}
    assert upgrades(installed, wanted) == ["cluster-api v1.12.5 → v1.12.8", "bootstrap-kubeadm (missing) → v1.12.8"]
