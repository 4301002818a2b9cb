"""A simulated Azure of one's own for tests, without clusters behind it, and what a test may do to it directly."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local_azure.azure_native.arm import Arm
from local_azure.azure_native.credentials import Credential, Settings, discover
from local_azure.instance import OPERATOR_CLIENT_ID, SUBSCRIPTION_ID, TENANT_ID
from local_azure.machine import authority

CHECKOUT = Path(__file__).parents[2]
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
READY_WITHIN = 60.0
"""Seconds; the SDKs the simulator validates with take some to import."""


@dataclass(frozen=True)
class Azure:
    """A running simulator at `host`; `arm` calls it as the operator does."""

    host: str
    state: Path
    certificate: Path
    arm: Arm

    @property
    def environment(self) -> dict[str, str]:
        """What the provider needs to find and trust it."""
        return {
            "ARM_METADATA_HOSTNAME": self.host,
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
            "ARM_TENANT_ID": TENANT_ID,
            "ARM_CLIENT_ID": OPERATOR_CLIENT_ID,
            "ARM_USE_OIDC": "true",
            "ARM_OIDC_TOKEN_FILE_PATH": str(self.state / "operator" / "token"),
            "SSL_CERT_FILE": str(self.certificate),
        }

    def find(self, resource_id: str, version: str = "2024-03-01") -> dict[str, Any] | None:
        """A resource as Azure has it, or None."""
        return self.arm.get(resource_id, version) if self.arm.exists(resource_id, version) else None

    def fault(self, **fault: Any) -> None:
        """Switches on a fault, for instance kind="throttle", path="resourcegroups", count=2."""
        self._control("POST", "faults", fault)

    def settings(self, **changes: Any) -> None:
        """Changes settings, for instance durations={"Microsoft.Network/virtualNetworks": {"create": 10}}."""
        self._control("PATCH", "settings", changes)

    def calls(self, since: float, **query: str) -> list[dict[str, Any]]:
        """The simulator's own log of requests, the witness of what reached Azure."""
        words = "&".join(f"{key}={value}" for key, value in {"since": since, **query}.items())
        found: list[dict[str, Any]] = self._control("GET", f"requests?{words}", None)
        return found

    def _control(self, method: str, path: str, body: Any) -> Any:
        answer = http(self.certificate).request(method, f"https://{self.host}/_local/{path}", json=body, retries=False)
        assert answer.status < 300, answer.data
        return answer.json()


def http(certificate: Path) -> urllib3.PoolManager:
    return urllib3.PoolManager(ca_certs=str(certificate))


@contextmanager
def simulator(folder: Path) -> Iterator[Azure]:
    """Runs a simulator with its state in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "local_azure.azure", "--listen", host, "--state", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--clusters", "tests.nothing_behind:NothingBehind"], cwd=CHECKOUT, stdout=log, stderr=log
        )
    try:
        authority.ensure_ca()
        _wait(process, host, authority.CERTIFICATE, folder / "log")
        yield _connect(host, folder, authority.CERTIFICATE)
    finally:
        process.terminate()
        process.wait(20)


def _connect(host: str, state: Path, certificate: Path) -> Azure:
    settings = Settings(host, SUBSCRIPTION_ID, TENANT_ID, OPERATOR_CLIENT_ID, state / "operator" / "token")
    client = http(certificate)
    endpoints = discover(client, host)
    arm = Arm(client, endpoints.resource_manager, Credential(client, endpoints, settings), pause=0.1)
    return Azure(host, state, certificate, arm)


def _wait(process: subprocess.Popen[bytes], host: str, certificate: Path, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            http(certificate).request("GET", f"https://{host}/_local/health", retries=False, timeout=2.0)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the simulator did not start: {log.read_text()}")
