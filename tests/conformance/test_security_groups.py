"""Network security groups and subnets without Azure's own way out, by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.conformance.running import words

PLACE = {"location": "northeurope"}
RULE = {
    "name": "api-server-in",
    "priority": 100,
    "direction": "Inbound",
    "access": "Allow",
    "protocol": "Tcp",
    "source_port_range": "*",
    "destination_port_ranges": ["443", "4443"],
    "destination_address_prefix": "*",
    "source_address_prefix": "Internet",
}


def test_a_group_has_azures_own_rules_behind_those_that_were_asked_for(network: Any, group: str) -> None:
    made = network.network_security_groups.begin_create_or_update(
        group, "nsg", {**PLACE, "security_rules": [RULE]}
    ).result()
    (rule,) = made.security_rules
    assert (rule.id, rule.destination_port_ranges) == (f"{made.id}/securityRules/api-server-in", ["443", "4443"])
    assert [(each.name, each.priority, each.access) for each in made.default_security_rules] == [
        ("AllowVnetInBound", 65000, "Allow"),
        ("AllowAzureLoadBalancerInBound", 65001, "Allow"),
        ("DenyAllInBound", 65500, "Deny"),
        ("AllowVnetOutBound", 65000, "Allow"),
        ("AllowInternetOutBound", 65001, "Allow"),
        ("DenyAllOutBound", 65500, "Deny"),
    ]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([RULE, {**RULE, "name": "other"}], "SecurityRuleConflict"),
        ([{**RULE, "priority": 99}], "SecurityRuleInvalidPriority"),
        ([{**RULE, "priority": 4097}], "SecurityRuleInvalidPriority"),
    ],
)
def test_which_rule_comes_first_is_never_in_doubt(network: Any, group: str, rules: list[Any], code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        network.network_security_groups.begin_create_or_update(group, "nsg", {**PLACE, "security_rules": rules})
    assert (refused.value.status_code, words(refused).code) == (400, code)


def test_the_same_priority_in_the_other_direction_is_another_one(network: Any, group: str) -> None:
    rules = [RULE, {**RULE, "name": "out", "direction": "Outbound"}]
    made = network.network_security_groups.begin_create_or_update(
        group, "nsg", {**PLACE, "security_rules": rules}
    ).result()
    assert len(made.security_rules) == 2


def test_a_private_subnet_shows_what_it_was_given_and_its_group_shows_the_subnet(network: Any, group: str) -> None:
    made = network.network_security_groups.begin_create_or_update(group, "nsg", PLACE).result()
    assert made.subnets is None
    network.virtual_networks.begin_create_or_update(
        group, "v", {**PLACE, "address_space": {"address_prefixes": ["10.0.0.0/16"]}}
    ).result()
    asked = {
        "address_prefix": "10.0.1.0/24",
        "network_security_group": {"id": made.id},
        "default_outbound_access": False,
        "private_endpoint_network_policies": "NetworkSecurityGroupEnabled",
    }
    subnet = network.subnets.begin_create_or_update(group, "v", "nodes", asked).result()
    assert subnet.default_outbound_access is False
    assert subnet.private_endpoint_network_policies == "NetworkSecurityGroupEnabled"
    assert subnet.network_security_group.id == made.id
    assert [each.id for each in network.network_security_groups.get(group, "nsg").subnets] == [subnet.id]
    with pytest.raises(HttpResponseError) as refused:
        network.network_security_groups.begin_delete(group, "nsg")
    assert words(refused).code == "InUseNetworkSecurityGroupCannotBeDeleted"
