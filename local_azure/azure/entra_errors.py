"""Errors as Entra words them: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


class EntraError(Exception):
    """A refused sign-in: HTTP status, OAuth error, number and text of the AADSTS error."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.status = status
        self._error = error
        self._number = number

    def body(self) -> dict[str, Any]:
        """The response body, as Entra writes it."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return {
            "error": self._error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self._number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self._number}",
        }
