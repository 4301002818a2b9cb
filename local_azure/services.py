"""The local Azure's own services, in the order they need each other: network, DNS, registry, Git, simulator."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

from local_azure import environment, git_server
from local_azure.errors import LocalAzureError
from local_azure.instance import GIT, REGISTRY, RUN, SIMULATOR, STATE
from local_azure.machine import authority, azure_dns, network, processes, registry
from local_azure.progress import wait_until
from local_azure.toolchain import Toolchain

START_SECONDS = 60


def start(tools: Toolchain, waiting: Callable[[str], None]) -> None:
    """Start what does not run yet; data of an earlier run is used again.

    Raises:
        LocalAzureError: a service did not come up; names its log file.
    """
    for folder in (STATE, RUN):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority.ensure_ca()
    authority.write_bundle(environment.CA_BUNDLE)
    git_server.prepare("fleet")
    environment.write(tools)
    network.ensure_bridge()
    azure_dns.start(tools.bin)
    registry.start(tools.bin, tools.registry)
    _start_module("git-server", "local_azure.git_server", tools)
    _start_module("azure", "local_azure.azure", tools)
    for name, address in {"registry": REGISTRY, "git-server": GIT, "azure": SIMULATOR}.items():
        _wait_for(name, address, waiting)


def _start_module(name: str, module: str, tools: Toolchain) -> None:
    checkout = Path(__file__).parent.parent
    processes.start(
        name,
        [sys.executable, "-m", module],
        env={**os.environ, "PYTHONPATH": str(checkout), "PATH": environment.variables(tools)["PATH"]},
    )


def _wait_for(name: str, address: IPv4Address, waiting: Callable[[str], None]) -> None:
    try:
        wait_until(lambda: _unreachable(name, address), waiting, timeout=START_SECONDS, interval=0.1)
    except TimeoutError as late:
        said = processes.last_line(name)
        raise LocalAzureError(
            f"the local Azure's {name} did not start: {late}" + (f"; it said: {said}" if said else ""),
            f"read {processes.log_file(name)}; `make local-down`, then `make local` starts it anew",
        ) from late


def _unreachable(name: str, address: IPv4Address) -> str | None:
    try:
        socket.create_connection((str(address), 443), timeout=1).close()
    except OSError as error:
        return f"{name} at https://{address} ({error})"
    return None
