"""Git servers on this machine, real ones behind real protocols, that say no to what a test does not let in.

Over https it is Git's `http-backend`; over ssh the commands that OpenSSH's client asks for, as a Git host runs them.
"""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from local_azure import git_server
from local_azure.machine import authority


def empty_repository(folder: Path) -> Path:
    """A bare repository `fleet.git` in a folder."""
    path = folder / "fleet.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "config", "http.receivepack", "true"], check=True)
    return path


def heads(repository: Path) -> dict[str, str]:
    """Commits by branch."""
    command = ["git", "-C", str(repository), "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split(" ") for line in lines)


@contextmanager
def over_https(folder: Path, admits: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves what is in a folder to requests whose Authorization header is admitted; gives the url before the path."""
    monkeypatch.setattr(git_server, "REPOSITORIES", folder)

    class Handler(git_server.Handler):
        def _authorized(self) -> bool:
            return admits(self.headers.get("Authorization", ""))

    with serving(Handler, monkeypatch, folder) as url:
        yield url


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[str]:
    """An https server with a certificate of the local authority, for 127.0.0.1; gives its address."""
    monkeypatch.setattr(authority, "ISSUED", folder / "certificates")
    certificate, key = authority.issue("server", dns=[], ips=["127.0.0.1"])
    server = git_server.Server(("127.0.0.1", 0), certificate, key)
    server.RequestHandlerClass = handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Key:
    """A key pair, as OpenSSH writes it."""

    private: str
    public: str

    @classmethod
    def made(cls) -> Key:
        """A new one."""
        pair = asyncssh.generate_private_key("ssh-ed25519")
        return cls(pair.export_private_key().decode(), pair.export_public_key().decode())


@dataclass(frozen=True)
class SshServer:
    """A running server.

    Attributes:
        url: of the repository `fleet.git`.
        known_hosts: its host key, as ssh-keyscan prints it.
    """

    url: str
    known_hosts: str


@contextmanager
def over_ssh(folder: Path, deploy_keys: Mapping[str, bool]) -> Iterator[SshServer]:
    """Serves what is in a folder by deploy keys: public keys, and whether each may push."""
    host = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    started = asyncio.run_coroutine_threadsafe(_listen(folder, deploy_keys, host), loop)
    server: asyncssh.SSHAcceptor = started.result(20)
    port = server.get_port()
    public = host.export_public_key().decode().strip()
    try:
        yield SshServer(f"ssh://git@127.0.0.1:{port}/fleet.git", f"[127.0.0.1]:{port} {public}\n")
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)


async def _listen(folder: Path, deploy_keys: Mapping[str, bool], host: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    known = {" ".join(public.split()[:2]): may_push for public, may_push in deploy_keys.items()}

    class Server(asyncssh.SSHServer):
        """One connection."""

        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self._connection = conn

        def begin_auth(self, username: str) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            public = " ".join(key.export_public_key().decode().split()[:2])
            self._connection.set_extra_info(may_push=known.get(public))
            return username == "git" and public in known

    async def run(process: asyncssh.SSHServerProcess[Any]) -> None:
        command, path = shlex.split(process.command or "- -")
        if command == "git-receive-pack" and not process.get_extra_info("may_push"):
            process.stderr.write(b"ERROR: The key you are authenticating with has been marked as read only.\n")
            process.exit(1)
            return
        words = [command.removeprefix("git-"), str(folder / Path(path).name)]
        git = await asyncio.create_subprocess_exec(
            "git", *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await process.redirect(git.stdin, git.stdout, git.stderr)
        process.exit(await git.wait())
        await process.wait_closed()

    return await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Server, server_host_keys=[host], process_factory=run, encoding=None
    )
