"""What is written down about each cluster of a crowd: a file in the folder of the control plane that it shares."""

from __future__ import annotations

import hashlib
from pathlib import Path

from local_azure.clusters import records
from local_azure.clusters.records import ClusterRecord

MEMBERS = "crowd"


def load(resource_id: str) -> ClusterRecord | None:
    """One cluster of a crowd, None where there is none of this ID. Its number is the control plane's."""
    for path in records.FOLDER.glob(f"*/{MEMBERS}/{_file(resource_id)}"):
        return records.read(path)
    return None


def save(member: ClusterRecord) -> None:
    """Write one down."""
    records.write(member, member.folder / MEMBERS / _file(member.spec.resource_id))


def forget(member: ClusterRecord) -> None:
    """Remove one."""
    (member.folder / MEMBERS / _file(member.spec.resource_id)).unlink(missing_ok=True)


def members(shared: ClusterRecord) -> list[Path]:
    """The files of all that share a control plane."""
    return list((shared.folder / MEMBERS).glob("*.json"))


def _file(resource_id: str) -> str:
    """IDs are too long for a file's name, and their case does not matter."""
    return hashlib.sha256(resource_id.lower().encode()).hexdigest()[:32] + ".json"
