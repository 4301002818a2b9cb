"""The one error a user of the local Azure meets: what happened, and what to do about it."""

from __future__ import annotations


class LocalAzureError(Exception):
    """Something a person can mend.

    Args:
        what: what happened and where, one sentence.
        mend: what to do, one sentence or command; may be empty when `what` says it all.
    """

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what if not mend else f"{what}\n  → {mend}")
        self.what = what
        self.mend = mend
