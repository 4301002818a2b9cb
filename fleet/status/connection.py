"""The management cluster's API as kubectl would reach it; what goes wrong on the way is told in one line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from lightkube import KubeConfig, operators
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from lightkube.generic_resource import create_namespaced_resource

from external.command import ExternalError
from external.kubernetes_api import KubernetesApi, NotThere

PAGE: Final = 500
"""Objects per answer, as kubectl has it."""

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
    where = f"the management cluster {config.cluster.server} (context {config.context_name})"
    api = KubernetesApi(config, where)

    def list_all(group: str, version: str, plural: str, label: str = "") -> list[dict[str, Any]]:
        labels: dict[str, Any] | None = {label: operators.exists()} if label else None
        try:
            with api.asked() as client:
                found = client.list(
                    _kind(group, version, plural, plural), namespace="*", chunk_size=PAGE, labels=labels
                )
                return [dict(each) for each in found]
        except NotThere:
            if plural != _ESSENTIAL:
                return []
            raise ExternalError(f"{where} has no Cluster API: is it the right one? Choose by --context") from None

    return list_all


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
