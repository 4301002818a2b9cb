"""Missing Debian packages are found by what they bring, and installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_azure.errors import LocalAzureError
from local_azure.machine import packages


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that apt-get is given; it fails until it has been told to update."""
    given: list[tuple[str, ...]] = []

    def run(*words: str) -> bool:
        given.append(words)
        return ("update",) in given

    monkeypatch.setattr(packages, "_apt", run)
    monkeypatch.setattr(packages, "missing", lambda: ["runc"])
    return given


def test_a_missing_command_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda command: None if command == "nsenter" else f"/usr/bin/{command}")
    assert "util-linux" in packages.missing()


def test_missing_network_plugins_name_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "CNI_FOLDERS", (tmp_path,))
    (tmp_path / "ptp").touch()
    assert packages.CNI_PACKAGE in packages.missing()


def test_a_machine_that_knows_no_packages_is_updated_first(
    apt: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda command: f"/usr/bin/{command}")
    install = ("install", "--yes", "--no-install-recommends", "runc")
    assert packages.install_missing() == ["runc"]
    assert apt == [install, ("update",), install]


def test_without_apt_the_packages_are_named(apt: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda command: None)
    with pytest.raises(LocalAzureError, match="in your distribution's way: runc"):
        packages.install_missing()


def test_nothing_is_installed_when_nothing_is_missing(
    apt: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "missing", list)
    assert packages.install_missing() == []
    assert apt == []
