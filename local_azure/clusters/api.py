"""The few calls the local Azure itself makes to a cluster's API server, as its administrator."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from local_azure.errors import LocalAzureError

FIELD_MANAGER = "slipway-local-azure"


class Api:
    """A cluster's API server.

    Args:
        server: its URL.
        ca, certificate, key: PEM files.
    """

    def __init__(self, server: str, *, ca: Path, certificate: Path, key: Path) -> None:
        context = ssl.create_default_context(cafile=str(ca))
        context.load_cert_chain(certificate, key)
        self._http = httpx.Client(base_url=server, verify=context, timeout=30, trust_env=False)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ready(self) -> bool:
        """Whether the API server says it can serve."""
        try:
            return self._http.get("/readyz", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> dict[str, Any] | None:
        """One object or list, None when there is none."""
        response = self._http.get(path)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        document: dict[str, Any] = self._checked(response).json()
        return document

    def apply(self, path: str, document: Mapping[str, Any]) -> None:
        """Create or update one object by server-side apply."""
        self._checked(
            self._http.patch(
                path,
                params={"fieldManager": FIELD_MANAGER, "force": "true"},
                content=yaml.safe_dump(dict(document)),
                headers={"Content-Type": "application/apply-patch+yaml"},
            )
        )

    def change(self, path: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Read one object, change it, write it back; again when somebody else wrote meanwhile."""
        while True:
            document = self._checked(self._http.get(path)).json()
            before = yaml.safe_dump(document)
            change(document)
            if yaml.safe_dump(document) == before:
                return
            response = self._http.put(path, json=document)
            if response.status_code != httpx.codes.CONFLICT:
                self._checked(response)
                return

    def create(self, path: str, document: Mapping[str, Any]) -> bool:
        """Create one object in the collection `path`; returns False when it exists already."""
        response = self._http.post(path, json=document)
        if response.status_code == httpx.codes.CONFLICT:
            return False
        self._checked(response)
        return True

    def delete(self, path: str) -> None:
        """Delete one object; one that is gone is fine."""
        response = self._http.delete(path)
        if response.status_code != httpx.codes.NOT_FOUND:
            self._checked(response)

    @staticmethod
    def _checked(response: httpx.Response) -> httpx.Response:
        if response.is_error:
            request = response.request
            raise LocalAzureError(f"{request.method} {request.url}: {response.status_code} {response.text[:500]}")
        return response
