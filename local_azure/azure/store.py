"""The simulator's memory: one SQLite file that survives a kill, written in transactions.

Resources are ARM bodies under their lower-case ID, operations are kept beside them so that a restart continues
them. One connection behind one lock is enough: a request holds it for milliseconds.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, hidden TEXT NOT NULL, etag TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resources_by_type ON resources (type);
CREATE TABLE IF NOT EXISTS operations (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, started REAL NOT NULL,
    ended REAL, due REAL NOT NULL, error TEXT, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Resource:
    """A stored resource: `body` is what a GET shows besides `id`, `name`, `type` and `etag`; `hidden` is not shown."""

    id: str
    type: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    etag: str = ""

    @property
    def key(self) -> str:
        """The ID as it is compared: lower case."""
        return self.id.lower()

    @property
    def name(self) -> str:
        """The last part of the ID."""
        return self.id.rsplit("/", 1)[1]

    @property
    def properties(self) -> dict[str, Any]:
        """The resource's `properties`, an empty mapping when it has none."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def state(self) -> str:
        """`properties.provisioningState`, `Succeeded` when the type has none."""
        return str(self.properties.get("provisioningState", "Succeeded"))

    def with_properties(self, **changes: Any) -> Resource:
        """The same resource with some properties replaced."""
        return replace(self, body={**self.body, "properties": {**self.properties, **changes}})


class Store:
    """Resources, operations and small documents in the SQLite file `path`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it holds keys
        self.lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Exclusive access; what is written inside is kept whole or not at all."""
        with self.lock:
            outermost = self._depth == 0
            if outermost:
                self._database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._database
            except BaseException:
                if outermost:
                    self._database.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._database.execute("COMMIT")
            finally:
                self._depth -= 1

    def get(self, identifier: str) -> Resource | None:
        """The resource with this ID, whatever its case."""
        found = self._resources("key = ?", (identifier.lower(),))
        return found[0] if found else None

    def put(self, resource: Resource) -> Resource:
        """Write a resource, with a new ETag; its place in lists stays."""
        resource = replace(resource, etag=str(uuid.uuid4()))
        with self.transaction() as database:
            database.execute(
                "INSERT INTO resources (key, id, type, body, hidden, etag) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET body = excluded.body, hidden = excluded.hidden, etag = excluded.etag",
                (
                    resource.key,
                    resource.id,
                    resource.type.lower(),
                    json.dumps({"type": resource.type, **resource.body}),
                    json.dumps(resource.hidden),
                    resource.etag,
                ),
            )
        return resource

    def remove(self, identifier: str) -> None:
        """Forget a resource and everything below it."""
        key = identifier.lower()
        with self.transaction() as database:
            database.execute(
                "DELETE FROM resources WHERE key = ? OR (key > ? AND key < ?)", (key, key + "/", key + "0")
            )

    def below(self, identifier: str, kind: str | None = None) -> list[Resource]:
        """Resources below an ID (at any depth), in the order they were made; `kind` limits them to one type."""
        key = identifier.lower().rstrip("/")
        if kind is None:
            return self._resources("key > ? AND key < ?", (key + "/", key + "0"))
        return self._resources("type = ? AND key > ? AND key < ?", (kind.lower(), key + "/", key + "0"))

    def of_type(self, kind: str) -> list[Resource]:
        """All resources of a type."""
        return self._resources("type = ?", (kind.lower(),))

    def mentioning(self, identifier: str) -> list[Resource]:
        """Resources whose body has this ID, or something below it, as one of its values."""
        needle = identifier.lower()
        found = self._resources("instr(lower(body), ?) + instr(lower(body), ?) > 0", (f'"{needle}"', f'"{needle}/'))
        return [resource for resource in found if resource.key != needle and not resource.key.startswith(needle + "/")]

    def document(self, name: str, default: Any) -> Any:
        """A small JSON document kept by name."""
        with self.lock:
            row = self._database.execute("SELECT body FROM documents WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def keep(self, name: str, body: Any) -> None:
        """Write a small JSON document."""
        with self.transaction() as database:
            database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (name, json.dumps(body)))

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        with self.lock:
            self._database.close()

    def query(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        """Rows of any statement that only reads."""
        with self.lock:
            return self._database.execute(statement, values).fetchall()

    def _resources(self, where: str, values: tuple[Any, ...]) -> list[Resource]:
        query = f"SELECT id, body, hidden, etag FROM resources WHERE {where} ORDER BY number"
        with self.lock:
            rows = self._database.execute(query, values).fetchall()
        return [_resource(row) for row in rows]


def _resource(row: tuple[str, str, str, str]) -> Resource:
    body = json.loads(row[1])
    return Resource(row[0], body.pop("type"), body, json.loads(row[2]), row[3])


def now() -> float:
    """Seconds since the epoch; one place, so that tests can move it."""
    return time.time()
