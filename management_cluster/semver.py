"""Order of release versions such as `v1.12.8`. https://semver.org/#spec-item-11, as far as releases need it."""

from __future__ import annotations


def _parts(version: str) -> tuple[tuple[int, ...], bool, str]:
    numbers, _, prerelease = version.removeprefix("v").partition("-")
    # A pre-release comes before its release.
    return tuple(int(number) for number in numbers.split(".")), not prerelease, prerelease


def newer(one: str, other: str) -> bool:
    """Whether `one` is a later release than `other`."""
    return _parts(one) > _parts(other)


def same_minor(one: str, other: str) -> bool:
    """Whether both are of the same minor release (v1.12)."""
    return _parts(one)[0][:2] == _parts(other)[0][:2]
