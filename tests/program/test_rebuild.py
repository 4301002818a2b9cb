"""The management cluster was deleted in the portal: the same stack builds a new one, and fences the old one off."""

from __future__ import annotations

import time

from infra import naming
from infra.maintenance import WINDOWS
from tests.program.plane import AKS, GROUP, SUBJECTS
from tests.program.project import STACK, Project
from tests.provider.azure import Azure

CREDENTIALS = {
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{naming.identity(STACK, purpose)}"
    f"/federatedIdentityCredentials/{naming.federated_credential(*account.split(':'))}"
    for purpose, accounts in SUBJECTS.items()
    for account in accounts
}

WINDOWS_OF_AKS = [f"{AKS}/maintenanceConfigurations/{name}" for name in WINDOWS.values()]


def test_identities_trust_the_new_cluster_and_no_longer_the_old_one(plane: Project, azure: Azure) -> None:
    plane.succeed("up", "--yes", "--skip-preview")
    old = plane.outputs()["issuer"]
    azure.arm.delete(AKS, "2025-09-01")
    assert "ResourceNotFound" in plane.fail("preview")

    began = time.time()
    plane.succeed("up", "--refresh", "--yes", "--skip-preview")
    new = plane.outputs()["issuer"]
    assert new != old
    for credential in CREDENTIALS:
        found = azure.find(credential, "2023-01-31")
        assert found
        assert found["properties"]["issuer"] == new
    written = {each["path"].lower() for each in azure.calls(began, method="PUT")}
    grants = {path for path in written if path.startswith(f"{AKS}/providers/Microsoft.Authorization/".lower())}
    assert len(grants) == 1
    assert written - grants == {path.lower() for path in (AKS, *WINDOWS_OF_AKS, *CREDENTIALS)}
    assert azure.calls(began, method="DELETE") == []
    plane.succeed("preview", "--expect-no-changes")
    plane.succeed("destroy", "--yes", "--skip-preview")
