"""How a call to the provider fails: one sentence for the user, and what exists nevertheless for the engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from local_azure.azure_native.answers import AzureError
from local_azure.azure_native.arm import Interrupted
from local_azure.azure_native.credentials import ConfigurationError
from local_azure.azure_native.lifecycle import AlreadyExists, Unfinished
from local_azure.azure_native.values import to_struct

Reply = TypeVar("Reply")
Call = Callable[[Any, Any, grpc.ServicerContext], Reply]


def plainly(call: Call[Reply]) -> Call[Reply]:
    """Ends a call that fails with the one sentence that says why, as the engine shows it to the user."""

    @wraps(call)
    def guarded(self: Any, request: Any, context: grpc.ServicerContext) -> Reply:
        try:
            return call(self, request, context)
        except Unfinished as error:
            _abort_unfinished(context, error)
        except (AzureError, ConfigurationError, AlreadyExists, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Interrupted as error:
            context.abort(grpc.StatusCode.CANCELLED, str(error))
        raise AssertionError("abort raises")

    return guarded


def _abort_unfinished(context: grpc.ServicerContext, error: Unfinished) -> NoReturn:
    """Tells the engine what exists nevertheless, so that the next update works on it instead of creating it again."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.state.id,
            properties=to_struct(error.state.outputs),
            reasons=[str(error)],
            inputs=to_struct(error.state.inputs),
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")
