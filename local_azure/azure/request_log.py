"""Every request the simulator answered, to be queried: the witness of tests. Tokens and secrets are never kept."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

KEPT = 50_000
SECRET = re.compile(r"secret|password|token|assertion|kubeconfig|privatekey|accesskey|protectedsettings", re.IGNORECASE)
HIDDEN = "[hidden]"
DIGESTED = re.compile(r"customdata|userdata", re.IGNORECASE)
"""What a machine starts from has secrets inside, and is worth recognising: its SHA-256 is kept."""


@dataclass(frozen=True)
class Entry:
    """One request: `time` in seconds since the epoch, `seconds` until the answer, `fault` what it met.

    `needed` are the actions, separated by spaces, that the caller had to be allowed, up to the first it was not.
    """

    time: float
    method: str
    host: str
    path: str
    api_version: str
    status: int
    client_id: str
    user_agent: str
    seconds: float
    body: Any
    fault: str = ""
    needed: str = ""


COLUMNS = tuple(Entry.__dataclass_fields__)


class RequestLog:
    """The last 50 000 requests in a SQLite file of their own: losing the very last at a power cut does not matter."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        columns = ", ".join(f"{name} NOT NULL" for name in COLUMNS)
        self._database.execute(
            f"CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY AUTOINCREMENT, {columns})"
        )
        known = {row[1] for row in self._database.execute("PRAGMA table_info(requests)")}
        for name in set(COLUMNS) - known:  # of a log that an earlier version began
            self._database.execute(f"ALTER TABLE requests ADD COLUMN {name} NOT NULL DEFAULT ''")

    def add(self, entry: Entry) -> None:
        """Keep a request, without its secrets."""
        values = {**asdict(entry), "body": json.dumps(without_secrets(entry.body))}
        marks = ", ".join("?" * len(COLUMNS))
        with self._lock:
            number = self._database.execute(
                f"INSERT INTO requests ({', '.join(COLUMNS)}) VALUES ({marks})", tuple(values[name] for name in COLUMNS)
            ).lastrowid
            if number and number % 1000 == 0:
                self._database.execute("DELETE FROM requests WHERE number <= ?", (number - KEPT,))

    def find(
        self,
        *,
        since: float = 0,
        after: int = 0,
        method: str = "",
        path: str = "",
        client_id: str = "",
        limit: int = 10_000,
    ) -> list[dict[str, Any]]:
        """Requests since a time (epoch seconds) and after a number, oldest first; `path` is a regular expression.

        Raises re.error for a bad expression.
        """
        pattern = re.compile(path, re.IGNORECASE)
        query = f"SELECT number, {', '.join(COLUMNS)} FROM requests WHERE time >= ? AND number > ? ORDER BY number"
        with self._lock:
            rows = self._database.execute(query, (since, after)).fetchall()
        entries = (dict(zip(("number", *COLUMNS), row, strict=True)) for row in rows)
        chosen = [
            {**entry, "body": json.loads(entry["body"])}
            for entry in entries
            if pattern.search(entry["path"])
            and method.upper() in ("", entry["method"])
            and client_id.lower() in ("", entry["client_id"])
        ]
        return chosen[-limit:]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()


def without_secrets(value: Any) -> Any:
    """A body with the values of secret-looking members hidden."""
    if isinstance(value, dict):
        return {name: _hidden(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def _hidden(name: str, value: Any) -> Any:
    if isinstance(value, str) and DIGESTED.search(name):
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"
    if SECRET.search(name) and (isinstance(value, str) or name.lower() == "protectedsettings"):
        return HIDDEN
    return without_secrets(value)
