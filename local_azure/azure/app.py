"""Puts the simulator together from a folder of state and the clusters behind it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
from starlette.applications import Starlette
from starlette.routing import Route

from local_azure import instance
from local_azure.azure import schema_table
from local_azure.azure.arm import Arm
from local_azure.azure.backend import Clusters
from local_azure.azure.bearer import Bearer
from local_azure.azure.control import Control
from local_azure.azure.entra import Entra
from local_azure.azure.entra_keys import SigningKey
from local_azure.azure.entra_routes import EntraRoutes
from local_azure.azure.faults import Faults
from local_azure.azure.federation import Federation
from local_azure.azure.front import Front
from local_azure.azure.issuers import OPERATOR_TOKEN_SECONDS, Issuers
from local_azure.azure.machines import Machines, NotBooted
from local_azure.azure.providers import providers
from local_azure.azure.request_log import RequestLog
from local_azure.azure.schema import Schema
from local_azure.azure.store import Store
from local_azure.azure.subscription import Azure
from local_azure.azure.vault_service import VaultService

log = logging.getLogger(__name__)
METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]
THREADS = 100
"""Requests answered at the same time; more wait."""


class Simulator:
    """ARM, Entra and vaults over `clusters` and `machines`, with everything kept in the folder `state`.

    The operator's sign-in token is kept fresh in `state/../operator/token` unless another file is named.
    """

    def __init__(
        self,
        state: Path,
        clusters: Clusters,
        machines: Machines | None = None,
        *,
        operator_token: Path,
        cache: Path = instance.CACHE,
    ) -> None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = Store(state / "azure.sqlite")
        self._log = RequestLog(state / "requests.sqlite")
        schema = Schema(schema_table.ensure(cache / "schema"))
        self.azure = Azure(
            self._store, schema, clusters, machines or NotBooted(), providers(f"https://{instance.SIMULATOR}")
        )
        self._issuers = Issuers(self.azure, SigningKey(state / "operator.key"))
        entra = Entra(SigningKey(state / "entra.key"), self.azure.directory, Federation(self._issuers.keys))
        faults = Faults(self._store)
        bearer = Bearer(entra.key, self.azure.directory)
        front = Front(
            Arm(self.azure),
            bearer,
            EntraRoutes(self.azure, entra, self._issuers),
            VaultService(self.azure, bearer),
            faults,
            self._log,
        )
        routes = [
            *Control(self.azure, faults, self._log).routes(),
            Route("/{path:path}", front.respond, methods=METHODS),
        ]
        self.app = Starlette(routes=routes, lifespan=self._lifespan)
        self._operator_token = operator_token
        self._ended = threading.Event()

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        self._write_operator_token()
        threading.Thread(target=self._renew_operator_token, daemon=True).start()
        resumed = self.azure.operations.resume()
        if resumed:
            log.warning("%d interrupted operations run again", resumed)
        yield
        self._ended.set()
        self.azure.operations.close()

    def _renew_operator_token(self) -> None:
        while not self._ended.wait(OPERATOR_TOKEN_SECONDS / 4):
            self._write_operator_token()

    def _write_operator_token(self) -> None:
        path = self._operator_token
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_suffix(".part")
        half.touch(mode=0o600)
        half.write_text(self._issuers.operator_token())
        half.replace(path)
