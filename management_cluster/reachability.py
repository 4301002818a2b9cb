"""Lets a preview go on when the management cluster does not answer, and says then what it was not compared with."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi
import yaml
from pulumi.output import UNKNOWN

WITHIN: Final = 5.0
"""Seconds for an API server to accept a connection."""


def answers(kubeconfig: str) -> bool:
    """Whether the cluster of a kubeconfig (YAML) accepts connections."""
    server = urlsplit(yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]["server"])
    try:
        with socket.create_connection((server.hostname, server.port or 443), timeout=WITHIN):
            return True
    except OSError:
        return False


def for_preview(kubeconfig: pulumi.Output[str]) -> pulumi.Output[str]:
    """The same kubeconfig; in a preview of a cluster that is out of reach, one that is not known.

    Pulumi's Kubernetes provider then compares with the state of the last run, instead of failing.
    """
    return kubeconfig.apply(_known_if_it_answers) if pulumi.runtime.is_dry_run() else kubeconfig


def _known_if_it_answers(kubeconfig: str) -> pulumi.Input[str]:
    if answers(kubeconfig):
        return kubeconfig
    pulumi.log.warn(
        "The management cluster cannot be reached: Flux and the hand-off are compared with the state of the last run, "
        "not with the cluster. What was changed there by hand is not shown."
    )
    return _unknown()


def _unknown() -> pulumi.Output[str]:
    loop = asyncio.get_running_loop()
    value: asyncio.Future[Any] = loop.create_future()
    known: asyncio.Future[bool] = loop.create_future()
    value.set_result(UNKNOWN)
    known.set_result(False)
    return pulumi.Output(set(), value, known)
