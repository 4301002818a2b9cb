"""Address ranges: what is accepted really is apart."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations, islice

from hypothesis import given
from hypothesis import strategies as st

from infra import address_plan

RANGES = st.builds(
    lambda second, prefix: IPv4Network((f"10.{second}.0.0", prefix), strict=False),
    st.integers(0, 255),
    st.integers(9, 28),
)


@given(network=RANGES, subnet=RANGES, pods=RANGES, services=RANGES, peer=RANGES)
def test_accepted_ranges_are_apart_and_nested(
    network: IPv4Network, subnet: IPv4Network, pods: IPv4Network, services: IPv4Network, peer: IPv4Network
) -> None:
    ranges = {"network": network, "subnet": subnet, "pods": pods, "services": services}
    refused = list(address_plan.problems(ranges, {"subnet": "network"}, {"peer": peer}))
    outermost = (network, pods, services, peer)
    apart = not any(one.overlaps(other) for one, other in combinations(outermost, 2))
    nested = subnet.subnet_of(network)
    if not refused:
        assert apart
        assert nested
    elif apart and nested:
        raise AssertionError(f"refused without reason: {refused}")


@given(prefix=st.integers(18, 29), nodes=st.integers(1, 100))
def test_accepted_ranges_have_room_for_all_nodes(prefix: int, nodes: int) -> None:
    subnet = IPv4Network(("10.0.0.0", prefix))
    usable = sum(1 for _ in islice(subnet.hosts(), 3, 103))  # Azure keeps three more than the two ends.
    assert (not list(address_plan.subnet_too_small("nodes", subnet, nodes))) == (usable >= nodes)
    parts = sum(1 for _ in subnet.subnets(new_prefix=24)) if prefix <= 24 else 0
    assert (not list(address_plan.pods_too_few("pods", subnet, nodes))) == (parts >= nodes)


@given(services=st.integers(12, 28))
def test_the_dns_service_has_an_address_inside_the_service_range(services: int) -> None:
    network = IPv4Network(("10.0.0.0", services))
    assert network[0] != network.broadcast_address
    assert str(network[10]) == address_plan.dns_service_ip(network) == "10.0.0.10"
