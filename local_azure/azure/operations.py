"""Long-running operations: accepted at once, carried out in a thread, kept in the store until they end.

An operation that the simulator's end interrupted runs again at its next start.
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_azure.azure.errors import ArmError
from local_azure.azure.store import Store, now

log = logging.getLogger(__name__)
RUNNING = "InProgress"


@dataclass(frozen=True)
class Operation:
    """One operation on the resource `resource_id`; `kind` is Create, Update or Delete."""

    id: str
    resource_id: str
    kind: str
    status: str
    started: float
    ended: float | None
    due: float
    error: Mapping[str, Any] | None
    detail: Mapping[str, Any]

    def status_body(self, path: str) -> dict[str, Any]:
        """What the Azure-AsyncOperation URL answers."""
        body: dict[str, Any] = {"id": path, "name": self.id, "status": self.status, "startTime": _stamp(self.started)}
        if self.ended is not None:
            body["endTime"] = _stamp(self.ended)
        if self.error is not None:
            body["error"] = self.error
        return body


Work = Callable[[Operation], None]
Failed = Callable[[Operation], None]


class Operations:
    """Runs operations: `work` does the real thing and records its outcome, `failed` records a failure."""

    def __init__(self, store: Store, work: Work, failed: Failed) -> None:
        self._store = store
        self._work = work
        self._failed = failed
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._closing = threading.Event()

    def start(
        self, kind: str, resource_id: str, *, turn: str, seconds: float, detail: Mapping[str, Any] | None = None
    ) -> Operation:
        """Accept an operation that takes at least `seconds`. Those with the same `turn` run one after the other.

        To be called inside the transaction that changes the resource; the thread waits for its end.
        """
        accepted = now()
        detail = {**(detail or {}), "turn": turn.lower()}
        operation = Operation(
            str(uuid.uuid4()), resource_id, kind, RUNNING, accepted, None, accepted + seconds, None, detail
        )
        with self._store.transaction() as database:
            database.execute(
                "INSERT INTO operations (id, key, kind, status, started, due, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (operation.id, resource_id, kind, RUNNING, accepted, operation.due, json.dumps(detail)),
            )
        self._spawn(operation)
        return operation

    def resume(self) -> int:
        """Run again what the last end of the simulator interrupted; returns how many."""
        interrupted = self._select("status = ?", (RUNNING,))
        for operation in interrupted:
            self._spawn(operation)
        return len(interrupted)

    def get(self, identifier: str) -> Operation | None:
        """The operation with this ID."""
        found = self._select("id = ?", (identifier.lower(),))
        return found[0] if found else None

    def running(self, resource_id: str) -> list[Operation]:
        """Operations in progress on a resource or below it."""
        key = resource_id.lower()
        return [
            operation
            for operation in self._select("status = ?", (RUNNING,))
            if operation.resource_id.lower() == key or operation.resource_id.lower().startswith(key + "/")
        ]

    def wait_idle(self, resource_id: str) -> None:
        """Wait until nothing is in progress on a resource or below it."""
        while self.running(resource_id) and not self._closing.wait(0.1):
            continue

    def close(self) -> None:
        """Let no operation begin or end any more; those in progress are interrupted."""
        self._closing.set()

    def _spawn(self, operation: Operation) -> None:
        threading.Thread(target=self._run, args=(operation,), name=f"operation {operation.id}", daemon=True).start()

    def _run(self, operation: Operation) -> None:
        with self._store.lock:
            turn = self._turns[operation.detail["turn"]]
        if self._closing.wait(max(0.0, operation.due - now()) + float(operation.detail.get("hang", 0))):
            return
        with turn:
            try:
                fail = operation.detail.get("fail")
                if fail:
                    raise ArmError(400, fail["code"], fail["message"])
                self._work(operation)
            except Exception as error:
                if self._closing.is_set():
                    return
                log.warning("%s of %s failed: %s", operation.kind, operation.resource_id, error)
                self._end(operation, "Failed", _words(error))
            else:
                self._end(operation, "Succeeded", None)

    def _end(self, operation: Operation, status: str, error: Mapping[str, Any] | None) -> None:
        with self._store.transaction() as database:
            if error is not None:
                self._failed(operation)
            database.execute(
                "UPDATE operations SET status = ?, ended = ?, error = ? WHERE id = ?",
                (status, now(), error and json.dumps(error), operation.id),
            )

    def _select(self, where: str, values: tuple[Any, ...]) -> list[Operation]:
        query = (
            "SELECT id, key, kind, status, started, ended, due, error, detail FROM operations"
            f" WHERE {where} ORDER BY started"
        )
        rows = self._store.query(query, values)
        return [_operation(*row) for row in rows]


def _operation(*row: Any) -> Operation:
    identifier, resource_id, kind, status, started, ended, due, error, detail = row
    return Operation(
        identifier, resource_id, kind, status, started, ended, due, error and json.loads(error), json.loads(detail)
    )


def _words(error: Exception) -> dict[str, Any]:
    """An error as it stands in a failed operation."""
    if isinstance(error, ArmError):
        return error.content()
    return {"code": "InternalOperationError", "message": str(error) or type(error).__name__}


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
