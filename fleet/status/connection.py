"""The management cluster's API as kubectl would reach it; what goes wrong on the way is told in one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx2
import yaml
from lightkube import Client, KubeConfig, operators
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import Status

from external.command import ExternalError

PAGE: Final = 500
"""Objects per answer, as kubectl has it."""

TIMEOUT: Final = httpx2.Timeout(60.0, connect=5.0)
"""Seconds."""

_ESSENTIAL: Final = "clusters"

_kind = cache(create_namespaced_resource)  # of each it can make one only


def connect(kubeconfig: Path | None, context: str | None) -> Callable[..., Iterable[dict[str, Any]]]:
    """Connect to a cluster.

    Args:
        kubeconfig: a file; None for those that KUBECONFIG names, else ~/.kube/config.
        context: None for the current one.

    Returns:
        Lists all objects of a kind in all namespaces, by group, version and plural, and a label that they have to have.

    Raises:
        ExternalError: there is no kubeconfig, or not that context in it.
    """
    config = _choose(_files(kubeconfig), context)
    # msgspec learns a type at its first use, and crashes when that is in two threads at once, as of refusals.
    Status.from_dict({})
    try:
        client = Client(config=config, timeout=TIMEOUT)
    except (ConfigError, OSError, ValueError, AssertionError) as error:
        raise ExternalError(f"the context {config.context_name} cannot be used: {error}") from None

    def list_all(group: str, version: str, plural: str, label: str = "") -> list[dict[str, Any]]:
        kind = _kind(group, version, plural, plural)
        where = f"the management cluster {config.cluster.server} (context {config.context_name})"
        try:
            labels: dict[str, Any] | None = {label: operators.exists()} if label else None
            return [dict(each) for each in client.list(kind, namespace="*", chunk_size=PAGE, labels=labels)]
        except httpx2.HTTPStatusError as error:
            if error.response.status_code == httpx2.codes.NOT_FOUND and plural != _ESSENTIAL:
                return []
            raise ExternalError(_refused(where, f"{plural}.{group}", error)) from None
        except httpx2.TransportError as error:
            raise ExternalError(f"{where} does not answer: {error or type(error).__name__}") from None
        except (ConfigError, OSError, subprocess.CalledProcessError) as error:
            raise ExternalError(f"{where}: no credential from the kubeconfig's command: {error}") from None
        except (ValueError, KeyError) as error:
            raise ExternalError(f"{where} does not answer as a Kubernetes API: {error}") from None

    return list_all


def _refused(where: str, kind: str, error: httpx2.HTTPStatusError) -> str:
    code = error.response.status_code
    if code == httpx2.codes.NOT_FOUND:
        return f"{where} has no Cluster API: is it the right one? Choose by --context"
    if code == httpx2.codes.UNAUTHORIZED:
        return f"{where} refuses the credential: log in again, or choose by --kubeconfig and --context"
    if code == httpx2.codes.FORBIDDEN:
        return f"{where} does not let this user list {kind}"
    return f"{where} cannot list {kind}: HTTP {code}"


def _files(kubeconfig: Path | None) -> list[Path]:
    if kubeconfig:
        named = [kubeconfig]
    else:
        words = os.environ.get("KUBECONFIG", "").split(os.pathsep)
        named = [Path(word) for word in words if word] or [Path("~/.kube/config")]
    found = [path.expanduser() for path in named if path.expanduser().is_file()]
    if not found:
        missing = ", ".join(map(str, named))
        raise ExternalError(f"there is no kubeconfig {missing}: give one by --kubeconfig or KUBECONFIG")
    return found


def _choose(files: list[Path], context: str | None) -> SingleConfig:
    """The context from the first file that has it, as kubectl chooses."""
    for file in files:
        try:
            config = KubeConfig.from_file(file)
            if context is None and config.current_context is None:
                continue
            if context is not None and context not in config.contexts:
                continue
            chosen = config.get(context)
        except (ConfigError, yaml.YAMLError, ValueError, KeyError, TypeError, OSError) as error:
            first_line = str(error).partition("\n")[0]
            raise ExternalError(f"the kubeconfig {file} cannot be used: {first_line}") from None
        if chosen:
            return chosen
    where = ", ".join(map(str, files))
    raise ExternalError(
        f"{where} has no context {context}: `kubectl config get-contexts` lists them"
        if context
        else f"{where} has no current context: give one by --context"
    )
