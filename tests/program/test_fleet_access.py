"""What the controllers may do in Azure, as the program leaves it there."""

from __future__ import annotations

import json
import time
from typing import Any

from infra.fleet_roles import ASO, CAPZ, DECRYPTION, only_grantable, teams
from local_azure import instance
from tests.program.conftest import Repository, config
from tests.program.plane import ONLY_AZURE
from tests.program.project import Project
from tests.program.test_policies import LOCAL, _with_pack
from tests.provider.azure import Azure

OTHER = "0abcdef0-0000-4000-8000-000000000002"
KINDS = ["UserAssignedIdentity", "FederatedIdentityCredential", "RoleAssignment"]
BROAD = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}


def _written(azure: Azure, since: float, kind: str) -> list[dict[str, Any]]:
    calls = azure.calls(since, method="PUT", path=f"/providers/Microsoft.Authorization/{kind}/")
    return [{"id": each["path"], **each["body"]["properties"]} for each in calls]


def test_each_controller_holds_a_role_of_its_own_on_the_subscription_of_the_fleet(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    began = time.time()
    plane.write(config(repository) | {"slipway:teamResources": KINDS}, program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    roles = {each["id"]: each for each in _written(azure, began, "roleDefinitions")}
    assigned = _written(azure, began, "roleAssignments")
    assert not [each for each in assigned if each["roleDefinitionId"].rpartition("/")[2] in BROAD]

    held = {
        tuple(roles[each["roleDefinitionId"]]["permissions"][0]["actions"]): each
        for each in assigned
        if each["roleDefinitionId"] in roles
    }
    for_teams = teams(KINDS).actions  # type: ignore[arg-type]
    assert set(held) == {CAPZ.actions, ASO.actions, for_teams}
    assert held[ASO.actions]["principalId"] == held[for_teams]["principalId"] != held[CAPZ.actions]["principalId"]
    assert {actions: each.get("condition") for actions, each in held.items()} == {
        CAPZ.actions: None,
        ASO.actions: None,
        for_teams: only_grantable(),
    }
    scope = f"/subscriptions/{instance.SUBSCRIPTION_ID}"
    assert {each["assignableScopes"][0] for each in roles.values()} == {scope}

    plane.succeed("preview", "--expect-no-changes")
    # The policies, of which the local Azure is let off one, find that an identity of the plane could be made another's.
    assert "identities-out-of-reach" not in plane.pulumi("preview", *_with_pack(LOCAL)).text
    refused = plane.fail("preview", *_with_pack())
    assert "allows Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write" in refused
    plane.succeed("destroy", "--yes", "--skip-preview")
    assert all(azure.find(role, "2022-04-01") is None for role in roles)


def test_a_fleet_in_another_subscription_has_no_rights_in_that_of_the_management_cluster(
    plane: Project, repository: Repository
) -> None:
    plane.write(config(repository) | {"slipway:fleetSubscriptions": [OTHER]}, program=ONLY_AZURE)
    steps = json.loads(plane.succeed("preview", "--json"))["steps"]
    planned = [each["newState"] for each in steps if ":authorization:" in each["newState"]["type"]]
    fleet = [each for each in planned if OTHER in json.dumps(each["inputs"])]
    assert {each["inputs"]["scope"] for each in fleet} == {f"/subscriptions/{OTHER}"}
    names = {each["urn"].rpartition("::")[2] for each in fleet}
    assert {f"role-capz-{OTHER}", f"capz-capz-{OTHER}", f"aso-aks-cluster-admin-{OTHER}"} <= names
    rest = {each["urn"].rpartition("::")[2] for each in planned} - names
    assert rest == {"aks-network-contributor", "aks-network-contributor-api-server", "creator-is-administrator"}


def test_flux_gets_the_one_right_to_decrypt_where_the_key_is(
    plane: Project, repository: Repository, azure: Azure
) -> None:
    began = time.time()
    group = f"/subscriptions/{instance.SUBSCRIPTION_ID}/resourceGroups/rg-security"
    key = f"{group}/providers/Microsoft.KeyVault/vaults/kv-fleet/keys/sops"
    azure.arm.put(group, "2022-09-01", {"location": "westeurope"})
    plane.write(config(repository, decryptionKeyId=key), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    (role,) = [each for each in _written(azure, began, "roleDefinitions") if "dataActions" in each["permissions"][0]]
    assert role["permissions"] == [{"actions": [], "dataActions": list(DECRYPTION.data_actions)}]
    (assigned,) = [each for each in _written(azure, began, "roleAssignments") if each["roleDefinitionId"] == role["id"]]
    assert assigned["id"].startswith(key)
    plane.succeed("preview", "--expect-no-changes")
    plane.succeed("destroy", "--yes", "--skip-preview")
    azure.arm.delete(group, "2022-09-01")
