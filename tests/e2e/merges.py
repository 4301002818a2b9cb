"""What people merge into the fleet repository: a cluster added, its deletion approved, its directory removed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.local import FIRST

CLUSTERS = Path("environments/dev/clusters")


def add(fleet: Path, name: str) -> None:
    """A cluster like the first one, which a person makes by copying its directory."""
    shutil.copytree(fleet / CLUSTERS / FIRST, fleet / CLUSTERS / name, dirs_exist_ok=True)
    edit(fleet / CLUSTERS, name, f"name: {FIRST}", f"name: {name}")


def approve(fleet: Path, name: str, clusters: Path = CLUSTERS) -> None:
    """Its deletion, for a day."""
    until = datetime.now(UTC) + timedelta(days=1)
    approval = (
        "  annotations:\n    slipway.dev/deletion-approved-by: jane@example.com\n"
        f'    slipway.dev/deletion-approved-until: "{until:%Y-%m-%dT%H:%M:%SZ}"\n'
    )
    edit(fleet / clusters, name, f"  name: {name}\n", f"  name: {name}\n{approval}")


def remove(fleet: Path, name: str, clusters: Path = CLUSTERS) -> None:
    """Its directory."""
    shutil.rmtree(fleet / clusters / name)


def edit(clusters: Path, name: str, old: str, new: str) -> None:
    """Its request, which has `old`."""
    request = clusters / name / "cluster.yaml"
    text = request.read_text()
    assert old in text, f"{request} has no {old}"
    request.write_text(text.replace(old, new, 1))
