"""The comment on a pull request: one, found again by its first line, on GitHub and in Azure Repos."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from external.command import ExternalError
from pipelines import comment


class Forge(BaseHTTPRequestHandler):
    """Keeps comments as both APIs do, as far as they are asked here."""

    comments: list[dict[str, Any]]
    allowed = True

    def _answer(self, body: Any, code: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(code if self.allowed else 403)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def do_GET(self) -> None:
        if "/threads" in self.path:
            threads = [{"id": each["id"], "comments": [{"id": 1, "content": each["body"]}]} for each in self.comments]
            self._answer({"value": threads})
        else:
            self._answer([] if "page=2" in self.path else self.comments)

    def do_POST(self) -> None:
        body = self._body()
        text = body["body"] if "body" in body else body["comments"][0]["content"]
        self.comments.append({"id": len(self.comments) + 1, "body": text})
        self._answer({}, 201)

    def do_PATCH(self) -> None:
        body = self._body()
        number = int(
            self.path.split("/threads/")[1].split("/")[0] if "/threads/" in self.path else self.path.split("/")[-1]
        )
        next(each for each in self.comments if each["id"] == number)["body"] = body.get("body") or body.get("content")
        self._answer({})

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(name="forge")
def _forge() -> Iterator[HTTPServer]:
    Forge.comments = [{"id": 1, "body": "Looks good to me"}]
    Forge.allowed = True
    server = HTTPServer(("127.0.0.1", 0), Forge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _environment(forge: HTTPServer, where: str) -> dict[str, str]:
    url = f"http://127.0.0.1:{forge.server_port}"
    if where == "github":
        of_pull_request = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "o/r", "PULL_REQUEST": "7"}
        return {**of_pull_request, "GITHUB_TOKEN": "t"}
    ids = {"SYSTEM_TEAMPROJECTID": "p", "BUILD_REPOSITORY_ID": "r", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7"}
    return {"SYSTEM_COLLECTIONURI": f"{url}/org/", "SYSTEM_ACCESSTOKEN": "t", **ids}


def _put(environment: dict[str, str], text: str) -> None:
    comments = comment.of_pull_request(environment)
    assert comments
    comments.put(text)


@pytest.mark.parametrize("where", ["github", "azure repos"])
def test_the_second_run_replaces_the_comment_of_the_first(forge: HTTPServer, where: str) -> None:
    environment = _environment(forge, where)
    _put(environment, "<!-- one -->\nfirst")
    _put(environment, "<!-- other -->\nof another stack")
    _put(environment, "<!-- one -->\nsecond")
    said = [each["body"] for each in Forge.comments]
    assert said == ["Looks good to me", "<!-- one -->\nsecond", "<!-- other -->\nof another stack"]


@pytest.mark.parametrize("where", ["github", "azure repos"])
def test_a_missing_right_is_said(forge: HTTPServer, where: str) -> None:
    Forge.allowed = False
    with pytest.raises(ExternalError, match="403 to the comment: the job needs the right to write comments"):
        _put(_environment(forge, where), "<!-- one -->")


def test_without_a_pull_request_there_is_no_comment() -> None:
    assert comment.of_pull_request({}) is None


def test_a_missing_token_is_said() -> None:
    with pytest.raises(ExternalError, match="GITHUB_TOKEN is not set"):
        comment.of_pull_request({"PULL_REQUEST": "7", "GITHUB_REPOSITORY": "o/r"})
