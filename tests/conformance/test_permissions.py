"""The controllers' roles: each permission is needed by something they do, and none lets them have more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, get_args

import pytest

from infra.fleet_roles import ASO, CAPZ, GRANTABLE, FleetRole, TeamResource, only_grantable, teams
from tests.conformance import controllers
from tests.conformance.controllers import Step
from tests.conformance.holder import ROLES, Asker, Holder, operation_of
from tests.conformance.running import SCOPES, SUBSCRIPTION, Running
from tests.conformance.test_managed_clusters import CLUSTER

ALL_TEAMS = teams(get_args(TeamResource))
OWNER, READER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOB_READER = GRANTABLE["Storage Blob Data Reader"]


@pytest.fixture
def operator(azure: Running) -> Asker:
    return Asker(azure, azure.credential().get_token(*SCOPES).token)


@pytest.fixture(autouse=True)
def groups(operator: Asker) -> Iterator[None]:
    """The resource groups of the controllers' requests are there, and empty again afterwards."""
    names = [f"{SUBSCRIPTION}/resourceGroups/{name}" for name in ("machines", "first", "shop-dev-orders")]
    for name in names:
        operator.do("PUT", name, {"location": "westeurope"})
    yield
    for name in names:
        operator.ask("DELETE", name)
        operator.settle("DELETE", name)


@pytest.fixture
def holder(azure: Running, operator: Asker, aks: Any, group: str) -> Holder:
    cluster = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    return Holder(azure, operator, group, cluster.oidc_issuer_profile.issuer_url)


@pytest.mark.parametrize(
    ("role", "steps"), [(CAPZ, controllers.CAPZ), (ASO, controllers.ASO), (ALL_TEAMS, controllers.TEAMS)]
)
def test_without_each_permission_something_is_refused_and_none_is_superfluous(
    holder: Holder, operator: Asker, role: FleetRole, steps: Sequence[Step]
) -> None:
    held, operation = holder.hold(role.actions), ""
    for step in steps:
        path = step.path or operation
        body = json.loads(json.dumps(step.body).replace(controllers.GIVEN, holder.principal))
        for permission in step.needs.split():
            holder.redefine(held, [action for action in role.actions if action != permission])
            refused = holder.ask(step.method, path, body)
            assert refused.status_code == 403, f"{step.method} {path} needs no {permission}"
            assert f"'{permission}'" in refused.json()["error"]["message"]
            holder.redefine(held, role.actions)
        answer = holder.ask(step.method, path, body)
        assert answer.is_success or (step.method, answer.status_code) == ("GET", 404), answer.text
        operation = operation_of(answer) or operation
        operator.settle(step.method, path)
    assert sorted(role.actions) == sorted(permission for step in steps for permission in step.needs.split())


def test_the_request_log_keeps_what_a_request_needed(azure: Running, holder: Holder) -> None:
    holder.hold(["Microsoft.Network/publicIPAddresses/*"])
    steps = {step.path: step for step in controllers.CAPZ if step.method == "PUT"}
    holder.do("PUT", controllers.EGRESS, steps[controllers.EGRESS].body)
    holder.ask("PUT", controllers.GATEWAY, steps[controllers.GATEWAY].body)
    logged = [
        each for each in azure.requests(method="PUT") if each["path"] in (controllers.EGRESS, controllers.GATEWAY)
    ]
    assert [(each["needed"], each["status"]) for each in logged[-2:]] == [
        ("Microsoft.Network/publicIPAddresses/write", 201),
        ("Microsoft.Network/natGateways/write", 403),
    ]


def _refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


@pytest.fixture
def controller(holder: Holder) -> Holder:
    """Everything that any controller may ever be allowed, at once."""
    holder.hold(CAPZ.actions + ASO.actions)
    holder.hold(ALL_TEAMS.actions, only_grantable())
    return holder


def _assignment(role: str, principal: str, kind: str = "ServicePrincipal") -> dict[str, Any]:
    properties = {"roleDefinitionId": f"{ROLES}/roleDefinitions/{role}", "principalId": principal}
    return {"properties": {**properties, "principalType": kind}}


@pytest.mark.parametrize(
    ("role", "kind", "allowed"),
    [
        (BLOB_READER, "ServicePrincipal", True),
        (BLOB_READER, "User", False),
        (OWNER, "ServicePrincipal", False),
        (READER, "ServicePrincipal", False),
    ],
)
def test_roles_on_data_are_granted_to_identities_and_no_others_to_anybody(
    controller: Holder, role: str, kind: str, allowed: bool
) -> None:
    principal = controller.principal if kind == "ServicePrincipal" else str(uuid.uuid4())
    answer = controller.ask("PUT", f"{ROLES}/roleAssignments/{uuid.uuid4()}", _assignment(role, principal, kind))
    assert answer.is_success if allowed else _refusal(answer) == (403, "AuthorizationFailed"), answer.text


def test_a_second_spelling_leads_no_condition_astray(controller: Holder) -> None:
    body = _assignment(BLOB_READER, controller.principal)
    body["properties"]["RoleDefinitionId"] = f"{ROLES}/roleDefinitions/{OWNER}"
    refused = controller.ask("PUT", f"{ROLES}/roleAssignments/{uuid.uuid4()}", body)
    assert _refusal(refused) == (403, "AuthorizationFailed")


def test_a_controller_takes_away_neither_its_own_nor_others_roles(controller: Holder, operator: Asker) -> None:
    held = operator.do("GET", f"{ROLES}/roleAssignments")["value"]
    of_everybody = [each["id"] for each in held if not each["properties"]["roleDefinitionId"].endswith(BLOB_READER)]
    assert len(of_everybody) > 2
    for assignment in of_everybody:
        assert _refusal(controller.ask("DELETE", assignment)) == (403, "AuthorizationFailed")


def test_a_controller_defines_no_roles(controller: Holder, operator: Asker) -> None:
    role = controller.hold(["Microsoft.Network/virtualNetworks/read"])
    known = operator.do("GET", role)["properties"]
    more = {"properties": {**known, "permissions": [{"actions": ["*"]}]}}
    assert _refusal(controller.ask("PUT", role, more)) == (403, "AuthorizationFailed")


def test_a_controller_is_trusted_by_no_identity_unless_teams_may_have_some(holder: Holder) -> None:
    holder.hold(CAPZ.actions + ASO.actions)
    trust = {"issuer": "https://mine.example/", "subject": "me", "audiences": ["api://AzureADTokenExchange"]}
    for path, body in (
        (f"{holder.identity}/federatedIdentityCredentials/mine", {"properties": trust}),
        (holder.identity, {"location": "westeurope"}),
    ):
        assert _refusal(holder.ask("PUT", path, body)) == (403, "AuthorizationFailed")


def test_a_controller_gives_nobodys_identity_to_a_machine_or_cluster(
    controller: Holder, operator: Asker, group: str
) -> None:
    theirs = {"type": "UserAssigned", "userAssignedIdentities": {controller.identity: {}}}
    steps = {step.path: step for step in (*controllers.CAPZ, *controllers.ASO) if step.method == "PUT"}
    for path in (controllers.VNET, controllers.NSG, controllers.ROUTES, controllers.EGRESS, controllers.GATEWAY):
        operator.do("PUT", path, steps[path].body)
        operator.settle("PUT", path)
    for path in (controllers.SUBNET, controllers.NIC):
        body = steps[path].body
        if path == controllers.NIC:
            configuration = {"name": "ip", "properties": {"subnet": {"id": controllers.SUBNET}}}
            body = {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}
        operator.do("PUT", path, body)
        operator.settle("PUT", path)
    for path in (controllers.MACHINE, controllers.CLUSTER):
        refused = controller.ask("PUT", path, {**(steps[path].body or {}), "identity": theirs})
        assert _refusal(refused) == (403, "LinkedAuthorizationFailed"), refused.text
        assert "'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'" in refused.text


def test_a_controller_does_not_delete_a_locked_plane_nor_take_its_lock_away(
    controller: Holder, operator: Asker, group: str
) -> None:
    plane = f"{SUBSCRIPTION}/resourceGroups/{group}"
    cluster = f"{plane}/providers/Microsoft.ContainerService/managedClusters/mc"
    lock = f"{cluster}/providers/Microsoft.Authorization/locks/keep"
    operator.do("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    for path in (plane, cluster, f"{cluster}/agentPools/system"):
        assert _refusal(controller.ask("DELETE", path)) == (409, "ScopeLocked")
    assert _refusal(controller.ask("DELETE", lock)) == (403, "AuthorizationFailed")
    operator.do("DELETE", lock)
