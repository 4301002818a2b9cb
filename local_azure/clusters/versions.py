"""Which Kubernetes a version means here: the one built under its name, else the newest."""

from __future__ import annotations

from pathlib import Path


def program(bin: Path, version: str) -> Path:
    """The program that is all of Kubernetes.

    Args:
        bin: the folder with `kube`, and with a folder for each other version that is built.
        version: such as 1.36.2; empty for the newest.
    """
    own = bin / f"v{version}" / "kube"
    return own if own.exists() else bin / "kube"
