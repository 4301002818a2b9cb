"""Every way into the fleet repository, over the wire to real Git servers on this machine."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from external.command import ExternalError
from fleet import git_access, seed
from fleet.git_remote import Remote
from local_azure.machine import authority
from tests.git_servers import Key, SshServer, empty_repository, heads, over_https, over_ssh, serving

PUSHES, READS = Key.made(), Key.made()
APP, INSTALLATION, TOKEN = "1234", "5678", "ghs_a-token-of-an-hour"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An empty repository."""
    return empty_repository(tmp_path)


@pytest.fixture
def ssh(bare: Path) -> Iterator[SshServer]:
    """It, behind ssh with two deploy keys."""
    with over_ssh(bare.parent, {PUSHES.public: True, READS.public: False}) as server:
        yield server


def by_key(ssh: SshServer, key: Key, known_hosts: str | None = None) -> Remote:
    """What the inputs of a resource lead to."""
    hosts = ssh.known_hosts if known_hosts is None else known_hosts
    access = {"by": "deployKey", "private_key": key.private, "known_hosts": hosts}
    return git_access.remote({"url": ssh.url, "ca": "", "access": access})


def test_a_deploy_key_seeds_the_repository_and_reads_it_back(bare: Path, ssh: SshServer) -> None:
    first = seed.offer(by_key(ssh, PUSHES), "main")
    assert heads(bare) == {"main": first, "seed": first}
    assert seed.offered(by_key(ssh, READS)) == (first, seed.files())


def test_a_key_whose_last_line_config_cut_short_is_taken(ssh: SshServer) -> None:
    seed.survey(by_key(ssh, Key(PUSHES.private.strip(), PUSHES.public)), "main")


def test_a_deploy_key_that_only_reads_cannot_push(bare: Path, ssh: SshServer) -> None:
    with pytest.raises(ExternalError, match=r"refuses the credential: check slipway:gitPrivateKey, and that they may"):
        seed.offer(by_key(ssh, READS), "main")
    assert heads(bare) == {}


def test_a_key_that_the_server_does_not_know_is_told(ssh: SshServer) -> None:
    stranger = Key.made()
    with pytest.raises(ExternalError, match="check slipway:gitPrivateKey") as raised:
        seed.survey(by_key(ssh, stranger), "main")
    assert stranger.private.splitlines()[1] not in str(raised.value)


@pytest.mark.parametrize("known", ["", "another"])
def test_a_server_with_another_host_key_gets_nothing(ssh: SshServer, known: str) -> None:
    hosts = known and f"{ssh.known_hosts.split()[0]} {Key.made().public}"
    with pytest.raises(ExternalError, match="another host key than slipway:gitKnownHostsFile says"):
        seed.survey(by_key(ssh, PUSHES, hosts), "main")


def test_a_token_of_entra_is_a_bearer_to_its_own_url_only(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(authority.CERTIFICATE))
    asked: list[str] = []

    def admits(header: str) -> bool:
        asked.append(header)
        return header == "Bearer of-entra"

    with over_https(bare.parent, admits, monkeypatch) as url:
        remote = Remote(f"{url}/fleet.git", bearer="of-entra")
        first = seed.offer(remote, "main")
        assert heads(bare) == {"main": first, "seed": first}
        with pytest.raises(ExternalError, match="refuses the credential: check your user, or your pipeline's"):
            seed.survey(Remote(f"{url}/fleet.git", bearer="old", checked="your user, or your pipeline's"), "main")
        asked.clear()
        with remote.open() as clone, pytest.raises(ExternalError):
            clone.git("ls-remote", f"{url}/other.git")
        assert set(asked) == {""}


class GitHub:
    """The one call of GitHub's API that an App makes, which cannot be had here: it checks the proof as GitHub does.

    https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
    """

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem, form, none = serialization.Encoding.PEM, serialization.PrivateFormat, serialization.NoEncryption()
        self.private_key = key.private_bytes(pem, form.TraditionalOpenSSL, none).decode()
        self._public = key.public_key()
        self.asked: list[dict[str, Any]] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = github.status(self.path, self.headers["Authorization"].removeprefix("Bearer "))
                github.asked.append(body)
                answer = json.dumps({"token": TOKEN} if status == 201 else {"message": "no"}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        return Handler

    def status(self, path: str, proof: str) -> int:
        try:
            claims = jwt.decode(proof, self._public, algorithms=["RS256"], options={"require": ["exp", "iat", "iss"]})
        except jwt.PyJWTError:
            return 401
        if claims["iss"] != APP or claims["exp"] > time.time() + 600:
            return 401
        return 201 if path == f"/app/installations/{INSTALLATION}/access_tokens" else 404


@pytest.fixture
def by_app(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Remote]]:
    """A remote by an App; GitHub's API and its Git server take each other's word."""
    github = GitHub()
    basic = f"Basic {base64.b64encode(f'x-access-token:{TOKEN}'.encode()).decode()}"
    ca = authority.CERTIFICATE

    def remote(**changed: str) -> Remote:
        access = {"by": "githubApp", "api": api, "app": APP, "installation": INSTALLATION}
        access |= {"private_key": github.private_key} | changed
        return git_access.remote({"url": f"{git}/fleet.git", "ca": ca.read_text(), "access": access})

    with (
        over_https(bare.parent, lambda header: header == basic, monkeypatch) as git,
        serving(github.handler(), monkeypatch, bare.parent / "api") as api,
    ):
        yield remote
    expected = {"repositories": ["fleet"], "permissions": {"contents": "write", "workflows": "write"}}
    assert all(asked == expected for asked in github.asked)


def test_an_app_pushes_by_a_token_for_this_repository_only(bare: Path, by_app: Callable[..., Remote]) -> None:
    first = seed.offer(by_app(), "main")
    assert heads(bare) == {"main": first, "seed": first}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"app": "4321"}, "does not know the App: check slipway:githubAppId"),
        ({"private_key": GitHub().private_key}, "does not know the App: check slipway:githubAppId"),
        ({"installation": "1"}, "no such installation of the App: check slipway:githubAppInstallationId"),
        ({"private_key": PUSHES.private}, "slipway:githubAppPrivateKey is no RSA key in PEM"),
        ({"api": "https://127.0.0.1:1"}, "does not give the App a token"),
    ],
)
def test_an_app_that_github_refuses_says_which_setting_to_check(
    by_app: Callable[..., Remote], changed: dict[str, str], said: str
) -> None:
    with pytest.raises(ExternalError, match=said) as raised:
        by_app(**changed)
    assert "PRIVATE KEY-----" not in str(raised.value)
