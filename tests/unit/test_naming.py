"""Names of Azure resources: readable, and within Azure's limits whatever a stack calls its management cluster."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming

ENDS = st.sampled_from(string.ascii_lowercase + string.digits)
NAMES = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from(string.ascii_lowercase),
    st.text(string.ascii_lowercase + string.digits + "-", max_size=38),
    ENDS,
)
AZURE: list[tuple[Callable[[str], str], str]] = [
    (naming.resource_group, r"[-\w.()]{1,89}[-\w()]"),
    (naming.node_resource_group, r"[-\w.()]{1,79}[-\w()]"),
    (naming.virtual_network, r"[a-zA-Z0-9][\w.-]{0,62}\w"),
    (lambda name: naming.subnet(name, "nodes"), r"[a-zA-Z0-9][\w.-]{0,78}\w"),
    (lambda name: naming.security_group(name, "api-server"), r"[a-zA-Z0-9][\w.-]{0,78}\w"),
    (naming.nat_gateway, r"[a-zA-Z0-9][\w.-]{0,78}\w"),
    (lambda name: naming.public_address(name, "egress"), r"[a-zA-Z0-9][\w.-]{0,78}\w"),
    (lambda name: naming.identity(name, "capz"), r"[a-zA-Z0-9][\w-]{2,127}"),
    (naming.aks, r"[a-zA-Z0-9][\w-]{0,61}[a-zA-Z0-9]"),
    (naming.data_collection_endpoint, r"[a-zA-Z0-9][a-zA-Z0-9-]{1,42}[a-zA-Z0-9]"),
    (naming.data_collection_rule, r"[a-zA-Z0-9][\w-]{0,63}"),
    (naming.diagnostic_setting, r"[^*<>%&?\\/:+]{0,259}[^*<>%&?\\/:+. ]"),
    (naming.lock, r"[-\w.()]{1,89}[-\w()]"),
    (naming.dns_prefix, r"[a-zA-Z0-9][a-zA-Z0-9-]{0,52}[a-zA-Z0-9]"),
]
"""Each kind of name, and what Azure accepts as such, written down independently of the rules under test."""


@given(name=NAMES)
def test_every_name_made_from_an_accepted_one_is_accepted_by_azure(name: str) -> None:
    assert naming.management_cluster(name) == name
    for derive, accepted in AZURE:
        assert re.fullmatch(accepted, derive(name), re.ASCII), derive(name)


@given(one=NAMES, other=NAMES)
def test_different_clusters_share_no_name(one: str, other: str) -> None:
    for derive, _ in AZURE:
        assert (derive(one) == derive(other)) == (one == other)


def test_names_tell_the_kind_first() -> None:
    assert naming.resource_group("dev") == "rg-dev"
    assert naming.node_resource_group("dev") == "rg-dev-nodes"
    assert naming.subnet("dev", "nodes") == "snet-dev-nodes"
    assert naming.identity("dev", "capz") == "id-dev-capz"
    assert naming.aks("dev") == "aks-dev"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a" * 41, "has 41 characters; Azure takes 2 to 40"),
        ("Dev", "lower-case letters"),
        ("dev_1", "lower-case letters"),
        ("1dev", "a letter first"),
        ("dev-", "lower-case letters"),
        ("größe", "lower-case letters"),
        ("dev\n", "lower-case letters"),
    ],
)
def test_a_name_azure_would_refuse_says_which_rule_it_breaks(name: str, rule: str) -> None:
    with pytest.raises(naming.InvalidName, match=re.escape(rule)):
        naming.management_cluster(name)


@given(name=st.text(string.ascii_lowercase, min_size=13))
def test_a_pool_name_is_never_cut_silently(name: str) -> None:
    with pytest.raises(naming.InvalidName):
        naming.agent_pool(name)
