"""A Git server as a user's would be: smart HTTP over TLS, with credentials, served by Git's own `http-backend`.

Run as `python -m local_azure.git_server`; repositories are the bare ones under STATE/git. Git's documentation of the
interface: https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import ssl
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

from local_azure.command import run
from local_azure.instance import GIT, STATE
from local_azure.machine import authority

REPOSITORIES = STATE / "git"
PASSWORD_FILE = STATE / "git-password"
USERNAME = "slipway"
CHUNK = 64 * 1024


def url(repository: str) -> str:
    """Where a repository is cloned from, by people, the program and Flux alike."""
    return f"https://{GIT}/{repository}.git"


def prepare(repository: str) -> None:
    """Create the credential and an empty bare repository where they do not exist."""
    REPOSITORIES.mkdir(parents=True, exist_ok=True)
    if not PASSWORD_FILE.exists():
        PASSWORD_FILE.touch(mode=0o600)
        PASSWORD_FILE.write_text(secrets.token_urlsafe(24))
    path = REPOSITORIES / f"{repository}.git"
    if not path.exists():
        run(["git", "init", "--quiet", "--bare", "--initial-branch=main", path])
        run(["git", "-C", path, "config", "http.receivepack", "true"])


class Handler(BaseHTTPRequestHandler):
    """One request, handed to `git http-backend` as a CGI program."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the access log of a local Git server is of no use."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        if not self._authorized():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="Slipway local Git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with subprocess.Popen(
            ["git", "http-backend"], env=self._cgi(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as backend:
            assert backend.stdin is not None and backend.stdout is not None
            self._copy_body(backend.stdin)
            backend.stdin.close()
            self._answer(backend.stdout)

    def _authorized(self) -> bool:
        expected = base64.b64encode(f"{USERNAME}:{PASSWORD_FILE.read_text()}".encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", ""), f"Basic {expected}")

    def _cgi(self) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_PROJECT_ROOT": str(REPOSITORIES),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_USER": USERNAME,
            "REMOTE_ADDR": str(self.client_address[0]),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        if length := self.headers.get("Content-Length"):
            variables["CONTENT_LENGTH"] = length
        return variables

    def _copy_body(self, to: IO[bytes]) -> None:
        """Copy the request's body; git sends large pushes in chunks of unknown total length."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                to.write(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0 and (block := self.rfile.read(min(left, CHUNK))):
            to.write(block)
            left -= len(block)

    def _answer(self, output: IO[bytes]) -> None:
        status, headers = 200, []
        while line := output.readline().strip():
            name, _, value = line.decode().partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        # The length of a pack is not known beforehand; a body that ends with the connection is refused by git's GnuTLS.
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while block := output.read(CHUNK):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    """Threads that do the TLS handshake themselves, so that a silent client blocks nobody else."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], certificate: Path, key: Path) -> None:
        super().__init__(address, Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


def main() -> None:
    """Serve until ended."""
    certificate, key = authority.issue("git", dns=[], ips=[str(GIT)])
    Server((str(GIT), 443), certificate, key).serve_forever()


if __name__ == "__main__":
    main()
