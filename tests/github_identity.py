"""GitHub's endpoint for a job's identity tokens, which cannot be had here: https://docs.github.com/actions/reference/security/oidc"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REQUEST_TOKEN = "of-this-job-alone"
AUDIENCE = "api://AzureADTokenExchange"


@contextmanager
def serving(token: Callable[[int], str]) -> Iterator[tuple[dict[str, str], list[int]]]:
    """The environment of a job, and how it was answered each time; its n-th token is `token(n)`."""
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            admitted = self.headers["Authorization"].lower() == f"bearer {REQUEST_TOKEN}"
            answers.append(200 if admitted and asked["audience"] == [AUDIENCE] else 401)
            self.send_response(answers[-1])
            self.end_headers()
            self.wfile.write(json.dumps({"value": token(len(answers))} if answers[-1] == 200 else {}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0"
    try:
        yield {"ACTIONS_ID_TOKEN_REQUEST_URL": address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN}, answers
    finally:
        server.shutdown()
        server.server_close()
