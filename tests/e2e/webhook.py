"""The platform team's webhook: what Flux's alerts tell it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local_azure.instance import HOST
from tests.e2e.local import MANAGEMENT, Local

PORT = 8095


@contextmanager
def alerts(local: Local) -> Iterator[list[str]]:
    """The messages that have come, more with time; the Secret with the address is what switches alerts on."""
    messages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            messages.append(f"{event['involvedObject']['kind']} {event['involvedObject']['name']}: {event['message']}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((str(HOST), PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = ("kubectl", "--context", MANAGEMENT, "-n", "flux-system")
    local.run(*secret, "create", "secret", "generic", "alerts", f"--from-literal=address=http://{HOST}:{PORT}/")
    try:
        yield messages
    finally:
        local.run(*secret, "delete", "secret", "alerts")
        server.shutdown()
        server.server_close()
