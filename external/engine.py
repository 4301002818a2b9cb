"""Talks to the Pulumi engine from inside a dynamic provider: what is awaited, and errors without tracebacks.

Dynamic providers run in a process of their own, `python -m pulumi.dynamic ADDRESS`, ADDRESS being the engine's.
"""

from __future__ import annotations

import logging
import sys

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from external.command import ExternalError


def status(message: str) -> None:
    """Show what is being done right now; replaced by the next one, kept in no log."""
    _log(message, ephemeral=True)


def note(message: str) -> None:
    """Say something that stays readable after the run."""
    _log(message, ephemeral=False)


def _log(message: str, *, ephemeral: bool) -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else ""
    if not address:
        return
    try:
        with grpc.insecure_channel(address) as channel:
            engine_pb2_grpc.EngineStub(channel).Log(
                engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, ephemeral=ephemeral), timeout=5
            )
    except grpc.RpcError:
        # A message that cannot be shown is no reason to stop an upgrade.
        logging.getLogger(__name__).debug("no engine at %s", address)


def hide_tracebacks_of_expected_errors() -> None:
    """Errors made for people reach them through the engine; grpc would print their traceback as well."""
    logging.getLogger("grpc._server").addFilter(_is_unexpected)


def _is_unexpected(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    return not (kind and issubclass(kind, ExternalError))
