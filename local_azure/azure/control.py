"""Endpoints for people and tests at this machine, below `/_local`: request log, faults, settings, health.

They are not Azure's, and answer only to this machine and to the addresses of the local Azure's own services.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_azure import instance
from local_azure.azure.faults import Fault, Faults
from local_azure.azure.request_log import RequestLog
from local_azure.azure.subscription import Azure

NEAR = (ip_network("127.0.0.0/8"), ip_network((int(instance.NETWORK.network_address), 24)))
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Control:
    """The control endpoints."""

    azure: Azure
    faults: Faults
    log: RequestLog

    def routes(self) -> list[Route]:
        """Routes for the application."""
        return [
            Route("/_local/health", _near(self._health)),
            Route("/_local/requests", _near(self._requests)),
            Route("/_local/resources", _near(self._resources)),
            Route("/_local/faults", _near(self._faults), methods=["GET", "POST", "DELETE"]),
            Route("/_local/faults/{id}", _near(self._faults), methods=["DELETE"]),
            Route("/_local/settings", _near(self._settings), methods=["GET", "PATCH"]),
        ]

    async def _health(self, request: Request) -> Response:
        """Ready as soon as it answers."""
        return JSONResponse({"status": "ready", "operations": len(self.azure.operations.running(""))})

    async def _requests(self, request: Request) -> Response:
        """`?since=` epoch seconds, `after=` a number, `path=` an expression, `method=`, `client_id=`, `limit=`."""
        query = request.query_params
        try:
            found = self.log.find(
                since=float(query.get("since") or 0),
                after=int(query.get("after") or 0),
                method=query.get("method", ""),
                path=query.get("path", ""),
                client_id=query.get("client_id", ""),
                limit=int(query.get("limit") or 10_000),
            )
        except (ValueError, re.error) as error:
            return _refused(str(error))
        return JSONResponse(found)

    async def _resources(self, request: Request) -> Response:
        """IDs, types and states of all resources; `?type=` and `?id=` (a beginning) choose."""
        wanted, beginning = request.query_params.get("type", "").lower(), request.query_params.get("id", "").lower()
        found = [
            {"id": resource.id, "type": resource.type, "state": resource.state}
            for resource in self.azure.store.below("")
            if wanted in ("", resource.type.lower()) and resource.key.startswith(beginning)
        ]
        return JSONResponse(found)

    async def _faults(self, request: Request) -> Response:
        """GET lists, POST switches one on (see `Fault`), DELETE switches one or all off."""
        if request.method == "POST":
            try:
                fault = Fault.model_validate_json(await request.body())
            except ValidationError as error:
                return _refused(_words(error))
            self.faults.add(fault)
            return JSONResponse(fault.model_dump(), 201)
        if request.method == "DELETE":
            self.faults.remove(request.path_params.get("id", ""))
            return Response(status_code=204)
        return JSONResponse([fault.model_dump() for fault in self.faults.all()])

    async def _settings(self, request: Request) -> Response:
        """GET shows, PATCH replaces some (see `Values`)."""
        if request.method == "PATCH":
            try:
                self.azure.settings.change(await request.json())
            except ValidationError as error:
                return _refused(_words(error))
            except (ValueError, TypeError) as error:
                return _refused(f"not a JSON object: {error}")
        return JSONResponse(self.azure.settings.values.model_dump())


def _near(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        client = request.client
        if client is None or not any(ip_address(client.host) in network for network in NEAR):
            return _refused("only for this machine", 403)
        return await endpoint(request)

    return guarded


def _refused(reason: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


def _words(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
