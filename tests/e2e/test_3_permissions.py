"""What the controllers asked Azure for, in all tests before: they needed all they are allowed, and nothing was refused.

`tests/conformance/test_permissions.py` takes each permission away in turn; this shows on a real fleet that its list of
requests is true.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.fleet_roles import ASO, CAPZ, teams
from tests.e2e.local import CHECKOUT, Local

STACK = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["config"]
ROLES = {"capz": set(CAPZ.actions), "aso": {*ASO.actions, *teams(STACK["slipway:teamResources"]).actions}}
WITNESSED = ("/resourcegroups/machines/", "/resourcegroups/shop-dev-orders/", "/resourcegroups/scaled/")
"""In paths of what the tests before make: without all of them, this shows nothing."""

NOT_HERE = {
    # No machine boots, so that nothing after its extension is reached, workers are never made, and none is replaced.
    "Microsoft.Resources/tags/read",
    "Microsoft.Compute/availabilitySets/read",
    "Microsoft.Compute/availabilitySets/write",
    "Microsoft.Compute/availabilitySets/delete",
    "Microsoft.Compute/virtualMachines/delete",
    "Microsoft.Compute/disks/delete",
    "Microsoft.Compute/locations/DiskOperations/read",
    "Microsoft.Network/networkInterfaces/delete",
    "Microsoft.Network/loadBalancers/inboundNatRules/delete",
    # Whether a public address is the cluster's is asked first; after its group has gone there is none.
    "Microsoft.Network/publicIPAddresses/delete",
    # How far the deletion of the group is when these are asked for is not the same in each run.
    "Microsoft.Network/loadBalancers/delete",
    "Microsoft.Network/routeTables/delete",
    "Microsoft.Network/networkSecurityGroups/delete",
    # ASO asks for these once the group is gone, if the cluster's credential is still there then.
    "Microsoft.Network/virtualNetworks/delete",
    "Microsoft.Network/virtualNetworks/subnets/delete",
    "Microsoft.Network/natGateways/delete",
}
"""Permissions for what a fleet here does not come to do."""


@pytest.fixture(scope="module")
def asked(local: Local) -> Mapping[str, list[Mapping[str, Any]]]:
    """The requests to Azure by identity."""
    if any(not local.requests(method="PUT", path=path) for path in WITNESSED):
        pytest.skip("the tests before are the witness, and were not all run")
    identities = json.loads(local.run("pulumi", "stack", "output", "identities", "--json"))
    return {name: local.requests(client_id=identities[name], limit="50000") for name in (*ROLES, "flux")}


def _refused(request: Mapping[str, Any]) -> bool:
    """Whether Azure did, and not a fault that a test switched on."""
    return request["status"] == 403 and not request["fault"]


def test_no_request_of_a_controller_was_refused(asked: Mapping[str, list[Mapping[str, Any]]]) -> None:
    refused = [(who, each["needed"], each["path"]) for who in asked for each in asked[who] if _refused(each)]
    assert refused == []


@pytest.mark.parametrize("who", ROLES)
def test_a_controller_needed_every_permission_it_has(asked: Mapping[str, list[Mapping[str, Any]]], who: str) -> None:
    needed = {action.lower() for each in asked[who] for action in each["needed"].split()}
    unneeded = {action for action in ROLES[who] if action.lower() not in needed}
    assert unneeded <= NOT_HERE
    assert needed <= {action.lower() for action in ROLES[who]}
