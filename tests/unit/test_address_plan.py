"""Address ranges: what is accepted really is apart."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from infra import address_plan

RANGES = st.builds(
    lambda second, prefix: IPv4Network((f"10.{second}.0.0", prefix), strict=False),
    st.integers(0, 255),
    st.integers(9, 28),
)


@given(network=RANGES, subnet=RANGES, pods=RANGES, services=RANGES)
def test_accepted_ranges_are_apart_and_nested(
    network: IPv4Network, subnet: IPv4Network, pods: IPv4Network, services: IPv4Network
) -> None:
    ranges = {"network": network, "subnet": subnet, "pods": pods, "services": services}
    refused = list(address_plan.problems(ranges, {"subnet": "network"}))
    apart = not (network.overlaps(pods) or network.overlaps(services) or pods.overlaps(services))
    nested = subnet.subnet_of(network)
    if not refused:
        assert apart
        assert nested
    elif apart and nested:
        raise AssertionError(f"refused without reason: {refused}")


@given(services=st.integers(12, 28))
def test_the_dns_service_has_an_address_inside_the_service_range(services: int) -> None:
    network = IPv4Network(("10.0.0.0", services))
    assert network[0] != network.broadcast_address
    assert str(network[10]) == address_plan.dns_service_ip(network) == "10.0.0.10"
