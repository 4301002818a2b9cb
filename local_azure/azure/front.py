"""The one entrance: reads a request, lets a fault have its way, answers, and keeps it in the request log."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jwt
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local_azure.azure import vault_service
from local_azure.azure.access import NEEDED
from local_azure.azure.arm import Arm
from local_azure.azure.bearer import Bearer
from local_azure.azure.entra_errors import EntraError
from local_azure.azure.entra_routes import Asked, EntraRoutes
from local_azure.azure.errors import ArmError, bad_request
from local_azure.azure.faults import Fault, Faults
from local_azure.azure.request_log import Entry, RequestLog
from local_azure.azure.resource_type import Call, Reply
from local_azure.azure.server import TRANSPORT
from local_azure.azure.vault_service import VaultService
from local_azure.errors import LocalAzureError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Front:
    """Answers everything but the control endpoints."""

    arm: Arm
    bearer: Bearer
    routes: EntraRoutes
    vaults: VaultService
    faults: Faults
    log: RequestLog

    async def respond(self, request: Request) -> Response:
        """One request, from its first byte to its place in the log."""
        started = time.time()
        content = await request.body()
        asked = Asked(
            request.method,
            request.headers.get("host", ""),
            re.sub("/+", "/", request.url.path).rstrip("/") or "/",
            {name.lower(): value for name, value in request.query_params.items()},
            dict(request.headers),
            content,
        )
        needed: list[str] = []
        NEEDED.set(needed)
        fault = await run_in_threadpool(self.faults.meet, asked.method, asked.path, _client(asked))
        if fault is not None and fault.kind == "timeout":
            await asyncio.sleep(fault.seconds)
            reply = Reply(504, None)
        else:
            reply = await run_in_threadpool(self.answer, asked, fault)
        if not asked.path.startswith("/aks/"):  # an API server's question is no request to Azure
            await run_in_threadpool(self._keep, asked, reply, started, fault, needed)
        if fault is not None and fault.kind in ("timeout", "reset"):
            request.scope[TRANSPORT].abort()
        return _response(reply)

    def answer(self, asked: Asked, fault: Fault | None) -> Reply:
        """The reply to a request, whatever happens."""
        try:
            refusal = fault.refusal() if fault else None
            if refusal is not None:
                raise refusal
            return self._served(_with_json(asked), fault.operation_detail() if fault else {})
        except ArmError as error:
            return Reply(error.status, error.body(), error.headers)
        except EntraError as error:
            return Reply(error.status, error.body())
        except LocalAzureError as error:
            return Reply(500, ArmError(500, "InternalServerError", str(error)).body())
        except Exception as error:
            log.exception("%s %s", asked.method, asked.path)
            message = f"The server encountered an internal error: {type(error).__name__}. See the simulator's log."
            return Reply(500, ArmError(500, "InternalServerError", message).body())

    def _served(self, asked: Asked, detail: Mapping[str, Any]) -> Reply:
        """By a vault, Entra or ARM. Raises ArmError and EntraError."""
        if self.vaults.serves(asked.host):
            return self.vaults.answer(asked)
        reply = self.routes.answer(asked)
        if reply is not None:
            return reply
        caller = self.bearer.caller(asked.headers.get("authorization", ""))
        return self.arm.answer(
            Call(asked.method, asked.path, asked.query, asked.headers, asked.json, caller, asked.host, detail)
        )

    def _keep(self, asked: Asked, reply: Reply, started: float, fault: Fault | None, needed: list[str]) -> None:
        body: Any = _with_json(asked, strict=False).json
        if self.vaults.serves(asked.host):
            body = vault_service.without_secrets(body)
        elif asked.path.lower().endswith("/token"):
            form = asked.form
            body = {name: form[name] for name in ("grant_type", "scope", "resource") if name in form}
            body["presented"] = {
                name: _claims(form.get("client_assertion", "")).get(name) for name in ("iss", "sub", "aud")
            }
        self.log.add(
            Entry(
                round(started, 3),
                asked.method,
                asked.host,
                asked.path,
                asked.query.get("api-version", ""),
                reply.status,
                _client(asked),
                asked.headers.get("user-agent", ""),
                round(time.time() - started, 3),
                body,
                f"{fault.kind} {fault.id}" if fault else "",
                " ".join(needed),
            )
        )


def _with_json(asked: Asked, *, strict: bool = True) -> Asked:
    """With the content parsed, unless it is a form. Raises ArmError for broken JSON when `strict`."""
    if not asked.content or "form" in asked.headers.get("content-type", ""):
        return asked
    try:
        return replace(asked, json=json.loads(asked.content))
    except ValueError as error:
        if not strict:
            return asked
        raise bad_request(
            "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{error}'."
        ) from None


def _client(asked: Asked) -> str:
    """The client ID a request claims, for faults and the log only."""
    if asked.path.lower().endswith("/token"):
        return asked.form.get("client_id", "").lower()
    token = asked.headers.get("authorization", "").partition(" ")[2]
    return str(_claims(token).get("appid", "")).lower()


def _claims(token: str) -> dict[str, Any]:
    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}


def _response(reply: Reply) -> Response:
    headers = {**reply.headers, "x-ms-request-id": str(uuid.uuid4())}
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    return JSONResponse(reply.body, reply.status, headers)
