"""`python -m fleet status` against an API server: paging, the table, JSON, exit codes, and errors in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from fleet.status import connection
from tests.unit.fleet_status.conftest import Management

CHECKOUT = Path(__file__).parents[3]


@dataclass
class Api:
    """An API server that lists a management cluster's objects in pages."""

    management: Management
    answer: int = 200
    unknown: tuple[str, ...] = ("kubeadmcontrolplanes",)
    pages: list[str] = field(default_factory=list)

    def page(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        """As https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks"""
        plural = path.rpartition("/")[2]
        if self.answer != 200 or plural in self.unknown:
            return (404 if self.answer == 200 else self.answer), {"kind": "Status", "message": "no"}
        items = self.management.list_all("", "", plural, query.get("labelSelector", [""])[0])
        start, limit = int(query.get("continue", ["0"])[0]), int(query["limit"][0])
        self.pages.append(plural)
        end = start + limit
        more = {"continue": str(end)} if end < len(items) else {}
        return 200, {"kind": "List", "apiVersion": "v1", "metadata": more, "items": items[start:end]}


@pytest.fixture
def api(management: Management, tmp_path: Path) -> Iterator[Api]:
    """Runs while a test does; tmp_path/kubeconfig leads to it."""
    serving = Api(management)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            status, body = serving.page(url.path, parse_qs(url.query))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{server.server_port}")
    yield serving
    server.shutdown()
    server.server_close()


def write_kubeconfig(path: Path, server: str) -> None:
    """A kubeconfig with the contexts `management` (current) and `other`."""
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("management", "other")]
    clusters = [{"name": "c", "cluster": {"server": server}}]
    users = [{"name": "u", "user": {"token": "t"}}]
    config = {"current-context": "management", "contexts": contexts, "clusters": clusters, "users": users}
    path.write_text(yaml.safe_dump(config))


def fleet(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    env = {**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "fleet", "status", *words]
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_a_healthy_fleet_is_one_line_a_cluster_and_exit_code_0(api: Api, tmp_path: Path) -> None:
    done = fleet(tmp_path)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    (row,) = [line for line in done.stdout.splitlines() if line.strip().startswith("first")]
    assert " ".join(row.split()) == "first dev clusters aks-v1 v1.36.3 system 1/1 Ready v2.9.5 4e74e52 3d"
    assert done.stdout.splitlines()[-1] == "1 cluster: 1 Ready; fleet repository at 4e74e52"


def test_a_failing_cluster_is_exit_code_1_and_says_why(api: Api, tmp_path: Path) -> None:
    message = "[bold] is no markup"
    api.management.condition("kustomizations", "first-sync", "Ready", status="False", message=message)
    done = fleet(tmp_path)
    assert done.returncode == 1
    assert f"first-sync: {message}" in done.stdout
    assert "1 cluster: 1 Failing" in done.stdout


def test_json_has_everything_the_table_has(api: Api, tmp_path: Path) -> None:
    api.management.one("clusters")["spec"]["topology"]["version"] = "v1.37.0"
    done = fleet(tmp_path, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["ready"] is False
    (first,) = found["clusters"]
    assert (first["name"], first["health"], first["environment"]) == ("first", "Changing", "dev")
    assert (first["actual_version"], first["desired_version"]) == ("v1.36.3", "v1.37.0")
    assert first["pools"] == [{"name": "system", "ready": 1, "desired": 1, "version": "v1.36.3"}]
    assert first["why"] == ["Kubernetes v1.36.3, shall be v1.37.0"]


def test_a_thousand_clusters_are_read_in_pages(api: Api, tmp_path: Path) -> None:
    template = json.dumps(api.management.objects["clusters"][0])
    names = [f"c{number}" for number in range(2 * connection.PAGE + 1)]
    api.management.objects["clusters"] = [json.loads(template.replace('"first"', f'"{name}"')) for name in names]
    done = fleet(tmp_path, "--json")
    assert {each["name"] for each in json.loads(done.stdout)["clusters"]} == set(names)
    assert api.pages.count("clusters") == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (401, "refuses the credential"),
        (403, "refuses (HTTP 403)"),
        (404, "has no Cluster API"),
        (500, "HTTP 500"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_2(api: Api, tmp_path: Path, answer: int, words: str) -> None:
    api.answer = answer
    done = fleet(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1")
    done = fleet(tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "the management cluster http://127.0.0.1:1 (context management) does not answer" in done.stderr


def test_without_a_kubeconfig_it_says_how_to_give_one(tmp_path: Path) -> None:
    done = fleet(tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"there is no kubeconfig {tmp_path}/kubeconfig: give one by --kubeconfig or KUBECONFIG\n"


def test_a_context_can_be_chosen_and_must_exist(api: Api, tmp_path: Path) -> None:
    assert fleet(tmp_path, "--context", "other").returncode == 0
    done = fleet(tmp_path, "--context", "third")
    assert done.returncode == 2
    assert "has no context third" in done.stderr


def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("- [")
    done = fleet(tmp_path)
    assert done.returncode == 2
    assert f"the kubeconfig {tmp_path}/kubeconfig cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_login_command_that_is_missing_is_named(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    config = yaml.safe_load(path.read_text())
    login = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-login", "args": ["get-token"]}
    config["users"][0]["user"] = {"exec": login}
    path.write_text(yaml.safe_dump(config))
    done = fleet(tmp_path)
    assert done.returncode == 2
    assert "no credential from the kubeconfig's command" in done.stderr
    assert "no-such-login" in done.stderr
    assert len(done.stderr.splitlines()) == 1
