"""The https server: uvicorn, with a way to break a connection as a bad network does."""

from __future__ import annotations

import ssl
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "local_azure.transport"
"""Where a request's scope has its connection."""
CONNECTIONS = 2048
IDLE_SECONDS = 75


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 that hands its connection to the application."""

    def on_message_begin(self) -> None:
        """Called by the parser for every request."""
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


def serve(app: ASGIApp, host: str, port: int, certificate: Path, key: Path) -> uvicorn.Server:
    """A server that is ready to run; `run()` returns after a signal."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        backlog=CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        server_header=False,
    )
    return uvicorn.Server(config)
