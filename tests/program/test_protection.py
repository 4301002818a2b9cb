"""What keeps a management cluster from being deleted in Azure."""

from __future__ import annotations

import pytest

from local_azure.azure_native.answers import AzureError
from tests.program.conftest import Repository, config
from tests.program.plane import AKS, AKS_API, EGRESS, GROUP, LOCKS, NETWORK_API, ONLY_AZURE
from tests.program.project import Project
from tests.provider.azure import Azure


def test_a_protected_cluster_is_deleted_neither_by_pulumi_nor_in_azure(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    plane.write(config(repository, protect="true"), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    for locked, version in ((GROUP, "2024-03-01"), (AKS, AKS_API), (EGRESS, NETWORK_API)):
        with pytest.raises(AzureError, match="ScopeLocked"):
            azure.arm.delete(locked, version)
    for lock in LOCKS:
        found = azure.find(lock, "2020-05-01")
        assert found
        assert found["properties"]["level"] == "CanNotDelete"
        assert "slipway:protect" in found["properties"]["notes"]
    # Without its preview it would delete first what is around the cluster, the locks too.
    assert "protect" in plane.fail("destroy", "--yes")
    plane.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    plane.succeed("preview", "--expect-no-changes")

    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert [azure.find(lock, "2020-05-01") for lock in LOCKS] == [None, None]
    plane.succeed("destroy", "--yes", "--skip-preview")
