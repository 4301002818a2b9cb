"""The request log: what a log of an earlier version lacks is added to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from local_azure.azure.request_log import COLUMNS, Entry, RequestLog


def entry(needed: str) -> Entry:
    return Entry(1.0, "GET", "h", "/p", "v", 200, "c", "agent", 0.1, None, needed=needed)


def test_a_log_that_an_earlier_version_began_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "requests.sqlite"
    older = [f"{name} NOT NULL" for name in COLUMNS if name != "needed"]
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE requests (number INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(older)})")
    values = "0, 'GET', 'h', '/p', 'v', 200, 'c', 'agent', 0, 'null', ''"
    database.execute(f"INSERT INTO requests VALUES (1, {values})")
    database.commit()
    database.close()
    log = RequestLog(path)
    log.add(entry("Microsoft.Network/virtualNetworks/read"))
    assert [each["needed"] for each in log.find()] == ["", "Microsoft.Network/virtualNetworks/read"]
    log.close()
