"""Azure DNS: what answers names for the nodes and pods of all clusters, and for nobody else.

CoreDNS on the host's side of the bridge. Names that stand for something here lead to it, all others do not exist.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from pathlib import Path

from local_azure.instance import HOST, REGISTRY, SIMULATOR, STATE
from local_azure.machine import processes

PROCESS = "azure-dns"
FOLDER = STATE / "dns"
HOSTS = FOLDER / "hosts"
REGISTRY_HOSTS = (
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "mcr.microsoft.com",
    "quay.io",
    "registry-1.docker.io",
    "registry.k8s.io",
)
WELL_KNOWN: dict[str, IPv4Address] = {
    "login.microsoft.com": SIMULATOR,
    "login.microsoftonline.com": SIMULATOR,
    "login.windows.net": SIMULATOR,
    "management.azure.com": SIMULATOR,
    "sts.windows.net": SIMULATOR,
    **dict.fromkeys(REGISTRY_HOSTS, REGISTRY),
}

# Every vault's name leads to the simulator, which tells whether there is such a vault: https://coredns.io/plugins/template/
# The hosts plugin reads its file again when it has changed. Alone it would answer SERVFAIL to unknown names, which
# resolvers ask again; an empty root zone behind it says that they do not exist, and for how many seconds to believe it.
# https://coredns.io/plugins/hosts/ and https://coredns.io/plugins/file/
_COREFILE = f""". {{
    bind {HOST}
    template IN A vault.azure.net {{
        answer "{{{{ .Name }}}} 5 IN A {SIMULATOR}"
    }}
    template IN AAAA vault.azure.net
    hosts {HOSTS} {{
        reload 500ms
        ttl 5
        no_reverse
        fallthrough
    }}
    file {FOLDER}/root.zone .
    errors
}}
"""
_ROOT_ZONE = """$ORIGIN .
@ 5 IN SOA azure-dns.local. nobody.local. 1 3600 600 86400 5
@ 5 IN NS azure-dns.local.
"""


def start(bin: Path) -> None:
    """Start it, unless it runs; `bin` is the folder with `coredns`."""
    publish({})
    (FOLDER / "root.zone").write_text(_ROOT_ZONE)
    corefile = FOLDER / "Corefile"
    corefile.write_text(_COREFILE)
    processes.start(PROCESS, [bin / "coredns", "-quiet", "-conf", corefile], env={"GOGC": "40"})


def publish(names: dict[str, IPv4Address]) -> None:
    """Make names lead to addresses, from half a second later on; a name that exists gets the new address."""
    _change(lambda hosts: {**hosts, **names})


def withdraw(names: Iterable[str]) -> None:
    """Make names unknown again; one that is unknown already is fine."""
    gone = set(names)
    _change(lambda hosts: {name: address for name, address in hosts.items() if name not in gone})


def published() -> dict[str, IPv4Address]:
    """All names that lead somewhere."""
    if not HOSTS.exists():
        return {}
    pairs = (line.split() for line in HOSTS.read_text().splitlines() if line)
    return {name: IPv4Address(address) for address, name in pairs}


def _change(change: Callable[[dict[str, IPv4Address]], dict[str, IPv4Address]]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hosts = {**change(published()), **WELL_KNOWN}
        part = HOSTS.with_suffix(".part")
        part.write_text("".join(f"{address} {name}\n" for name, address in sorted(hosts.items())))
        part.replace(HOSTS)
