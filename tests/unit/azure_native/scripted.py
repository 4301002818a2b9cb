"""A web server on this machine that answers as a script says, for what no real service does on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection instead of answering."""


@dataclass
class Scripted:
    """`replies` by "METHOD path", the last one repeated; `seen` are the requests: "METHOD path", and form or JSON."""

    url: str
    replies: dict[str, list[Reply]]
    seen: list[tuple[str, str]] = field(default_factory=list)

    def calls(self, what: str) -> int:
        return [call for call, _ in self.seen].count(what)


@contextmanager
def serve(replies: dict[str, list[Reply]]) -> Iterator[Scripted]:
    """Runs the script on a free port; paths are compared without their query."""
    script = Scripted("", {"POST /tenant/oauth2/v2.0/token": [TOKEN], **replies})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            call = f"{self.command} {self.path.partition('?')[0]}"
            content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            script.seen.append((call, content))
            waiting = script.replies.get(call, [Reply(404, {"error": {"code": "NotFound", "message": call}})])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if reply.cut:
                self.close_connection = True
                return
            text = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value.replace("{self}", script.url))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: pytest shows what was seen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


TOKEN = Reply(200, {"access_token": "h.eyJvaWQiOiJtZSIsInRpZCI6InRlbmFudCJ9.s", "expires_in": 3600})
"""Its claims: {"oid":"me","tid":"tenant"}."""
