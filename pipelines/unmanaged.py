"""The nightly question to Azure: which clusters run there that neither Git nor the management cluster has?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from external.command import ExternalError, secret_file
from fleet.status import unmanaged
from fleet.status.connection import connect
from pipelines.engine import Stack


@dataclass(frozen=True)
class Unmanaged:
    """The answer.

    Attributes:
        ids: ARM ids.
        unasked: why the management cluster or Azure could not be asked; empty where they were.
    """

    ids: tuple[str, ...] = ()
    unasked: str = ""


NOTHING: Final = Unmanaged()


def of(stack: Stack) -> Unmanaged:
    """Ask by the stack's kubeconfig, as whom the job is logged in; a stack without a cluster has none."""
    if not (kubeconfig := stack.output("kubeconfig")):
        return NOTHING
    try:
        with secret_file(kubeconfig, "kubeconfig") as file:
            return Unmanaged(tuple(unmanaged.ask(connect(file, None))))
    except ExternalError as error:
        return Unmanaged(unasked=str(error))
