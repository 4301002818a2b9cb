"""Calls Azure Resource Manager: retries what is worth retrying and waits for long-running operations to end.

https://github.com/cloud-and-ai-microsoft/resource-provider-contract/blob/master/v1.0/async-api-reference.md
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

import urllib3

from local_azure.azure_native.answers import (
    FINISHED,
    Answer,
    AzureError,
    Json,
    OperationFailed,
    finished,
    provisioning_state,
    retry_after,
    worth_retrying,
)
from local_azure.azure_native.credentials import Credential

ATTEMPTS: Final = 7
LONGEST_WAIT: Final = 30.0
"""Seconds between two attempts or looks, where Azure does not say how long."""
DEFAULT_TIMEOUT: Final = 3600.0


class Interrupted(Exception):
    """Stopped by the user, or by a resource's own `customTimeouts`."""


class Arm:
    """One subscription's resource manager. Thread-safe. Raises AzureError, ConfigurationError or Interrupted.

    `pause` is how long to wait, in seconds, before a first retry or next look where Azure does not say.
    """

    def __init__(self, http: urllib3.PoolManager, endpoint: str, credential: Credential, pause: float = 1.0) -> None:
        self._http = http
        self._endpoint = endpoint
        self._credential = credential
        self._pause = pause
        self.stopped = threading.Event()

    def get(self, path: str, version: str) -> dict[str, Json]:
        return self._expect(self._call("GET", self._url(path, version), self._deadline(0)), {200})

    def exists(self, path: str, version: str) -> bool:
        try:
            return bool(self.get(path, version))
        except AzureError as error:
            if error.status == 404:
                return False
            raise

    def post(self, path: str, version: str, query: Mapping[str, str]) -> dict[str, Json]:
        return self._expect(self._call("POST", self._url(path, version, query), self._deadline(0), {}), {200, 201})

    def put(self, path: str, version: str, body: Json, timeout: float = 0) -> None:
        """Writes a resource and returns when Azure is done with it; `timeout` in seconds, 0 for an hour.

        Raises OperationFailed where Azure had accepted the request already.
        """
        deadline = self._deadline(timeout)
        url = self._url(path, version)
        answer = self._call("PUT", url, deadline, body)
        self._expect(answer, {200, 201, 202})
        self._wait(answer, url, deadline)

    def settled(self, path: str, version: str, timeout: float = 0) -> dict[str, Json]:
        """A resource, once nothing is being done to it: an interrupted update may have left Azure at work on it."""
        deadline = self._deadline(timeout)
        url = self._url(path, version)
        while True:
            answer = self._call("GET", url, deadline)
            found = self._expect(answer, {200})
            if provisioning_state(found) in FINISHED:
                return found
            self._sleep(retry_after(answer, self._pause), deadline)

    def delete(self, path: str, version: str, timeout: float = 0) -> None:
        """Deletes a resource and returns when it is gone; not there is gone."""
        deadline = self._deadline(timeout)
        answer = self._call("DELETE", self._url(path, version), deadline)
        if answer.status == 404:
            return
        self._expect(answer, {200, 202, 204})
        if answer.status == 202:
            self._wait(answer, "", deadline)

    def _url(self, path: str, version: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self._endpoint}{path}?{urlencode({'api-version': version, **(query or {})})}"

    def _deadline(self, timeout: float) -> float:
        return time.monotonic() + (timeout or DEFAULT_TIMEOUT)

    def _expect(self, answer: Answer, statuses: set[int]) -> dict[str, Json]:
        if answer.status not in statuses:
            raise answer.error()
        return answer.body if isinstance(answer.body, dict) else {}

    def _call(self, method: str, url: str, deadline: float, body: Json = None) -> Answer:
        """One request, repeated while Azure is busy or the connection breaks: every request here may be repeated."""
        pause = self._pause
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._send(method, url, body)
            except urllib3.exceptions.HTTPError as error:
                if attempt == ATTEMPTS:
                    raise AzureError(0, "ConnectionFailed", f"{method} {url}: {error}") from error
                self._sleep(pause, deadline)
            else:
                if attempt == ATTEMPTS or not worth_retrying(answer):
                    return answer
                self._sleep(retry_after(answer, pause), deadline)
            pause = min(pause * 2, LONGEST_WAIT)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, url: str, body: Json) -> Answer:
        headers = {"Authorization": f"Bearer {self._credential.token()}", "Accept": "application/json"}
        answer = self._http.request(method, url, json=body, headers=headers, timeout=60.0, retries=False)
        try:
            content = answer.json() if answer.data else None
        except ValueError:
            content = answer.data.decode(errors="replace")
        return Answer(answer.status, answer.headers, content)

    def _wait(self, answer: Answer, resource_url: str, deadline: float) -> None:
        """Follows an accepted request by Azure-AsyncOperation, else Location, else the resource's provisioningState."""
        operation = answer.headers.get("Azure-AsyncOperation")
        location = answer.headers.get("Location") if answer.status == 202 else None
        url = self._own(operation or location or resource_url)
        while not finished(answer, by_operation=bool(operation), by_location=bool(location)):
            self._sleep(retry_after(answer, self._pause), deadline)
            answer = self._call("GET", url, deadline)
            if answer.status == 404 and not resource_url:
                return
            if answer.status >= 400:
                raise answer.error(OperationFailed)

    def _own(self, url: str) -> str:
        """A URL to follow; it may be relative, but our token goes to our own resource manager only."""
        if url.startswith("/"):
            return self._endpoint + url
        if url and urlsplit(url).netloc != urlsplit(self._endpoint).netloc:
            raise AzureError(0, "ForeignOperation", f"{url} is not at {self._endpoint}, so it is not followed")
        return url

    def _sleep(self, seconds: float, deadline: float) -> None:
        if time.monotonic() + seconds > deadline:
            raise Interrupted("Azure took longer than the resource's timeout")
        if self.stopped.wait(seconds):
            raise Interrupted("cancelled")
