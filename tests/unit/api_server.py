"""An API server with objects in memory, for what is asked of one over HTTP, and kubeconfigs that lead to it or nowhere.

It knows no kinds, and admits all but what a test refuses. What a real one does is tested in tests/machine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

Object = dict[str, Any]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NOWHERE = "http://127.0.0.1:1"


def kubeconfig(server: str = NOWHERE, user: Mapping[str, Any] | None = None) -> str:
    """YAML; without a user, one with a token."""
    return yaml.safe_dump(
        {
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": dict(user or {"token": "t"})}],
        }
    )


def by_command(command: str, *arguments: str) -> Object:
    """A user whose credential is what a command prints, as of `kubelogin`."""
    version = "client.authentication.k8s.io/v1beta1"
    return {"exec": {"apiVersion": version, "command": command, "args": list(arguments)}}


@dataclass
class ApiServer:
    """What is served.

    Attributes:
        objects: by path.
        status: answers everything so, when it is not 200.
        admin: whether whoever asks for it is an administrator.
        denied: why an object may not be deleted; empty where it may.
    """

    url: str = ""
    objects: dict[str, Object] = field(default_factory=dict)
    status: int = 200
    admin: bool = True
    denied: Callable[[Object], str] = lambda _: ""

    @property
    def kubeconfig(self) -> str:
        """Leads here."""
        return kubeconfig(self.url)

    def put(self, api: str, kind: str, name: str, annotations: Mapping[str, str] | None = None, **spec: Any) -> str:
        """Let there be an object of a fleet, and its kind; returns its path."""
        (group, version), plural = api.split("/"), f"{kind.lower()}s"
        names, versions = {"kind": kind, "plural": plural}, [{"name": version, "storage": True, "served": True}]
        self.objects[f"{DEFINITIONS}/{plural}.{group}"] = {
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
        }
        metadata = {"name": name, "namespace": "clusters", "uid": name, "annotations": dict(annotations or {})}
        path = f"/apis/{api}/namespaces/clusters/{plural}/{name}"
        self.objects[path] = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}
        return path

    def answer(self, method: str, path: str, body: Object) -> tuple[int, Object]:
        """Status and document."""
        if self.status != 200:
            return _refused(self.status, "no")
        if method == "POST" and path.endswith("/selfsubjectaccessreviews"):
            return 201, {**body, "status": {"allowed": self.admin}}
        if method == "PATCH":
            self.objects[path] = _merged(self.objects.get(path, {}), body)
        if method == "DELETE" and (why := self.denied(self.objects.get(path, {}))):
            return _refused(403, why)
        found = self.objects.pop(path, None) if method == "DELETE" else self.objects.get(path)
        if found is not None:
            return 200, found
        listed = [each for at, each in self.objects.items() if _collection(at) == _collection(f"{path}/x")]
        return (
            (200, {"kind": "List", "metadata": {}, "items": listed}) if listed else _refused(404, f"{path} not found")
        )


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """Serves until the block ends."""
    serving = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, document = serving.answer(self.command, self.path.partition("?")[0], json.loads(text or "{}"))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield serving
    server.shutdown()
    server.server_close()


def _refused(status: int, message: str) -> tuple[int, Object]:
    return status, {"kind": "Status", "code": status, "message": message}


def _merged(old: Any, new: Any) -> Any:
    """https://www.rfc-editor.org/rfc/rfc7396"""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    both = {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return {key: value for key, value in both.items() if value is not None}


def _collection(path: str) -> tuple[str, ...]:
    """Group, version and plural of an object's path."""
    words = path.strip("/").split("/")
    if "namespaces" in words and words.index("namespaces") < len(words) - 2:
        at = words.index("namespaces")
        words = words[:at] + words[at + 2 :]
    return tuple(words[:-1])
