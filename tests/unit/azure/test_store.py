"""What the simulator remembers, also when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from local_azure.azure.store import Resource, Store

BASE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks"


def network(name: str, **properties: object) -> Resource:
    return Resource(f"{BASE}/{name}", "Microsoft.Network/virtualNetworks", {"properties": properties})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "azure.sqlite")


def test_a_resource_is_found_whatever_its_case(store: Store) -> None:
    store.put(network("V", a=1))
    found = store.get(f"{BASE}/v".upper())
    assert found is not None and (found.name, found.properties) == ("V", {"a": 1})


def test_every_write_gives_a_new_etag_and_keeps_the_place(store: Store) -> None:
    first = store.put(network("a"))
    store.put(network("b"))
    assert store.put(network("a", x=1)).etag != first.etag
    assert [found.name for found in store.of_type("microsoft.network/VIRTUALNETWORKS")] == ["a", "b"]


def test_removing_takes_along_what_is_below_and_nothing_beside(store: Store) -> None:
    for name in ("v", "v/subnets/n", "v2"):
        store.put(network(name))
    store.remove(f"{BASE}/v")
    assert [found.id for found in store.below("/subscriptions/s")] == [f"{BASE}/v2"]


def test_who_mentions_a_resource(store: Store) -> None:
    store.put(network("user", subnet=f"{BASE}/V/subnets/n"))
    store.put(network("other", subnet=f"{BASE}/v2/subnets/n"))
    assert [found.name for found in store.mentioning(f"{BASE}/v")] == ["user"]


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put(network("a"))
        with store.transaction():
            store.put(network("b"))
        _ = 1 / 0
    assert store.below("/") == []


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    program = f"""
        from pathlib import Path
        from local_azure.azure.store import Resource, Store
        store = Store(Path({str(tmp_path / "azure.sqlite")!r}))
        store.put(Resource("/subscriptions/s/resourceGroups/kept", "Microsoft.Resources/resourceGroups", {{}}))
        with store.transaction():
            store.put(Resource("/subscriptions/s/resourceGroups/half", "Microsoft.Resources/resourceGroups", {{}}))
            print("ready", flush=True)
            input()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert [found.name for found in Store(tmp_path / "azure.sqlite").below("/")] == ["kept"]
