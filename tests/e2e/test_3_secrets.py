"""No credential of a whole run is where it does not belong: logs, events, Git's history, arguments of processes.

What the state has of them is encrypted: test_1_main_job.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure import first_cluster
from local_azure.instance import STATE
from management_cluster.hand_off import CLUSTERS
from tests.e2e.local import FIRST, MANAGEMENT, Local

LOOKS_SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}")
"""Private keys, and signed tokens of Kubernetes and Entra."""


@pytest.fixture(scope="module")
def known(local: Local) -> list[bytes]:
    """The credentials that people and controllers hold: of Git, and for the clusters."""
    kubeconfig = local.get(MANAGEMENT, "secret", f"{FIRST}-kubeconfig", "-n", CLUSTERS)["data"]["value"]
    tokens = re.findall(rb"token: (\S+)", base64.b64decode(kubeconfig))
    operator = Path(local.env["AZURE_FEDERATED_TOKEN_FILE"]).read_bytes().strip()
    assert tokens
    return [local.env["SLIPWAY_GIT_PASSWORD"].encode(), operator, *tokens]


def leaked(text: bytes, known: list[bytes]) -> bool:
    """Whether a credential is in a text, as it is or in base64."""
    return bool(LOOKS_SECRET.search(text)) or any(
        each in text or base64.b64encode(each).rstrip(b"=")[:-1] in text for each in known
    )


def test_logs_of_the_machine_and_of_all_containers_have_none(known: list[bytes]) -> None:
    logs = [*STATE.glob("log/*"), *STATE.glob("clusters/*/nodes/*/**/*.log")]
    assert len(logs) > 20
    assert [file for file in logs if file.is_file() and leaked(file.read_bytes(), known)] == []


@pytest.mark.parametrize("context", [MANAGEMENT, FIRST])
def test_events_have_none(local: Local, known: list[bytes], context: str) -> None:
    events = local.get(context, "events", "-A")["items"]
    assert events
    assert [each["message"] for each in events if leaked(json.dumps(each).encode(), known)] == []


def test_the_history_of_the_fleet_repository_has_none(local: Local, known: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        history = first_cluster.git(local.env, "-C", checkout, "log", "--all", "--patch")
    assert "environments/dev/clusters/first" in history
    assert not leaked(history.encode(), known)


def test_arguments_of_processes_have_none(known: list[bytes]) -> None:
    assert [words.replace(b"\0", b" ") for words in _arguments() if leaked(words, known)] == []


def _arguments() -> Iterator[bytes]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes()
        except OSError:  # it has ended
            continue
