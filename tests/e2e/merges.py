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
    _replace(fleet, name, f"name: {FIRST}", f"name: {name}")


def approve(fleet: Path, name: str) -> None:
    """Its deletion, for a day."""
    until = datetime.now(UTC) + timedelta(days=1)
    approval = (
        "  annotations:\n    slipway.dev/deletion-approved-by: jane@example.com\n"
        f'    slipway.dev/deletion-approved-until: "{until:%Y-%m-%dT%H:%M:%SZ}"\n'
    )
    _replace(fleet, name, f"  name: {name}\n", f"  name: {name}\n{approval}")


def remove(fleet: Path, name: str) -> None:
    """Its directory."""
    shutil.rmtree(fleet / CLUSTERS / name)


def _replace(fleet: Path, name: str, old: str, new: str) -> None:
    request = fleet / CLUSTERS / name / "cluster.yaml"
    request.write_text(request.read_text().replace(old, new, 1))
