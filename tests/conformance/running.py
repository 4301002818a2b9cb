"""The simulator over https on a free port of this machine, with no clusters behind it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientAssertionCredential
from requests.adapters import HTTPAdapter

from local_azure import instance
from local_azure.azure.app import Simulator
from local_azure.azure.server import serve
from local_azure.machine.certificates import Authority
from tests.nothing_behind import NothingBehind

SUBSCRIPTION = f"/subscriptions/{instance.SUBSCRIPTION_ID}"
SCOPES = ["https://management.azure.com/.default"]


class Running:
    """One simulator: `ca` is the file its clients trust, `clusters` records what was asked of it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.clusters = NothingBehind(folder)
        self.simulator = Simulator(folder / "azure", self.clusters, operator_token=self._token_file, cache=cache)
        authority = Authority.create("Conformance")
        issued = authority.issue("management.azure.com", dns=["management.azure.com"], ips=["127.0.0.1"])
        self.ca = folder / "ca.crt"
        self.ca.write_bytes(authority.pem.certificate)
        (folder / "azure.crt").write_bytes(issued.certificate)
        (folder / "azure.key").write_bytes(issued.key)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{port}"
        self._server = serve(self.simulator.app, "127.0.0.1", port, folder / "azure.crt", folder / "azure.key")
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        self.http = httpx.Client(base_url=self.url, verify=ssl.create_default_context(cafile=self.ca), timeout=30)

    @property
    def _token_file(self) -> Path:
        return self.folder / "operator" / "token"

    def stop(self) -> None:
        """Stop serving, as a signal would."""
        self.http.close()
        self._server.should_exit = True
        self._thread.join(10)

    def credential(
        self, client_id: str = instance.OPERATOR_CLIENT_ID, assertion: str = ""
    ) -> ClientAssertionCredential:
        """Microsoft's own credential for a federated token; the operator's when none is given."""
        return ClientAssertionCredential(
            instance.TENANT_ID,
            client_id,
            lambda: assertion or self._token_file.read_text(),
            authority=self.url,
            disable_instance_discovery=True,
            connection_verify=str(self.ca),
        )

    def client(self, kind: type[Any], credential: ClientAssertionCredential | None = None) -> Any:
        """One of Microsoft's management clients, led to the simulator."""
        return kind(
            credential or self.credential(),
            instance.SUBSCRIPTION_ID,
            base_url=self.url,
            credential_scopes=SCOPES,
            connection_verify=str(self.ca),
            retry_total=0,
        )

    def of_vault(self, kind: type[Any], place: str, credential: ClientAssertionCredential | None = None) -> Any:
        """One of Microsoft's clients for vaults; `place` is a vault's or a key's address."""
        session = requests.Session()
        session.mount("https://", _Led(self.url))
        transport = RequestsTransport(session=session, session_owner=False, connection_verify=str(self.ca))
        return kind(place, credential or self.credential(), transport=transport, retry_total=0)

    def service_account_token(self, issuer: str, subject: str, **claims: Any) -> str:
        """A token as a cluster's API server signs them for workload identity."""
        usual = {"iss": issuer, "sub": subject, "aud": ["api://AzureADTokenExchange"]}
        return self.clusters.key.sign({**usual, **claims}, seconds=claims.pop("seconds", 3600))

    def requests(self, **query: Any) -> list[dict[str, Any]]:
        """The request log."""
        found: list[dict[str, Any]] = self.http.get("/_local/requests", params=query).raise_for_status().json()
        return found

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.http.patch("/_local/settings", json=settings).raise_for_status()

    def fault(self, **fault: Any) -> None:
        """Switch a fault on."""
        self.http.post("/_local/faults", json=fault).raise_for_status()


class _Led(HTTPAdapter):
    """Connects to the simulator whatever the host, as DNS leads to it elsewhere."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """With the host that was asked for named in the request."""
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = f"{self._url}{parts.path}?{parts.query}"
        return super().send(request, *args, **options)


def words(refused: Any) -> Any:
    """Code, message and target of a refusal, as Microsoft's clients read them."""
    return getattr(refused, "value", refused).error
