"""What stands against running the local Azure is found before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.errors import LocalAzureError
from local_azure.instance import BRIDGE, NETWORK
from local_azure.machine import packages, preflight


def link(name: str, address: str, prefix_length: int) -> dict[str, Any]:
    """As `ip -json address` prints it."""
    return {"ifname": name, "addr_info": [{"family": "inet", "local": address, "prefixlen": prefix_length}]}


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_other_platforms_are_named(system: str, machine: str) -> None:
    [problem] = preflight.platform_problems(system, machine)
    assert f"{system} on {machine}" in problem


def test_linux_on_x86_64_is_fine() -> None:
    assert preflight.platform_problems("Linux", "x86_64") == []


def test_an_interface_in_our_network_is_in_the_way() -> None:
    [problem] = preflight.overlapping([link("eth0", "172.31.230.7", 20)], [])
    assert "eth0 has the address 172.31.230.7/20" in problem
    assert str(NETWORK) in problem


def test_a_route_into_our_network_is_in_the_way() -> None:
    [problem] = preflight.overlapping([], [{"dst": "172.31.240.0/24", "dev": "tun0"}])
    assert "172.31.240.0/24 is routed to tun0" in problem


@pytest.mark.parametrize("destination", ["default", "10.0.0.0/8", "172.16.0.0/12", "172.31.0.0/20"])
def test_other_and_wider_routes_are_not_in_the_way(destination: str) -> None:
    assert list(preflight.overlapping([], [{"dst": destination, "dev": "eth0"}])) == []


def test_what_is_ours_is_not_in_the_way() -> None:
    ours = link(BRIDGE, "172.31.224.1", 19)
    assert list(preflight.overlapping([ours], [{"dst": str(NETWORK), "dev": BRIDGE}])) == []


TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 00000000:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
"""


def test_only_ports_open_on_every_address_are_in_the_way() -> None:
    assert preflight.wildcard_ports(TCP, "0A") == {443}


@pytest.mark.parametrize(
    ("rules", "in_the_way"),
    [
        ("-P INPUT ACCEPT\n-A INPUT -s 10.0.0.1 -j DROP", False),
        ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT", True),
        (f"-P INPUT DROP\n-A INPUT -i {BRIDGE} -j ACCEPT", False),
    ],
)
def test_a_firewall_that_drops_by_default_has_to_allow_our_interface(rules: str, in_the_way: bool) -> None:
    assert preflight.firewalled(rules) is in_the_way


def test_all_problems_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "find", lambda: ["too little memory", "too little disk"])
    with pytest.raises(LocalAzureError) as error:
        preflight.check()
    assert "- too little memory\n  - too little disk" in str(error.value)


def test_without_root_it_says_so_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    [problem] = preflight.find()
    assert "root" in problem


def test_missing_packages_come_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(packages, "missing", lambda: ["containerd", "runc"])
    assert preflight.find() == ["packages are missing: apt-get install --yes --no-install-recommends containerd runc"]
