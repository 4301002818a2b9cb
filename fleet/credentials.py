"""What is a credential by its form, wherever it stands: in a file of the fleet repository, or in a resource's input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PUSHES: Final = "slipway.dev/pushes"
"""Annotation of a Secret for workload clusters, where its credential can push: what a policy sees of it."""

_FORMS: Final = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{50,}",
    "a token of GitLab": r"\bglpat-[\w-]{20}",
    "a key in a connection string": r"\b(?:Account|SharedAccess)Key=[\w+/]{40,}={0,2}",
    "a signed token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "a password in an address": r"://[^\s/:@$\"'{]*:[^\s/@$\"'{]+@",
}
"""By what it is called. What stands for a value, such as ${git_password}, is none."""

_NAMES: Final = tuple(_FORMS)
_ANY: Final = re.compile("|".join(f"({form})" for form in _FORMS.values()))


def find(text: str) -> Iterator[tuple[int, str]]:
    """Where credentials begin in a text, and what each of them is."""
    for match in _ANY.finditer(text):
        yield match.start(), _NAMES[(match.lastindex or 1) - 1]
