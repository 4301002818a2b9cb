"""clusterctl's ordinary configuration file, with a registry for all images added: the user's own says everything else.

https://cluster-api.sigs.k8s.io/clusterctl/configuration#image-overrides
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from external.command import ExternalError, secret_file

PATHS: Final = {
    "cert-manager": "jetstack",
    "cluster-api": "cluster-api",
    "bootstrap-kubeadm": "cluster-api",
    "control-plane-kubeadm": "cluster-api",
    "infrastructure-azure/cluster-api-azure-controller": "cluster-api-azure",
    "infrastructure-azure/azureserviceoperator": "k8s",
}
"""By component, or image of one, the path of its images where they are published; a mirror has the same."""

READABLE: Final = (".yaml", ".yml", ".json")


def images_from(registry: str) -> dict[str, dict[str, str]]:
    """The `images:` that lead to a registry."""
    return {component: {"repository": f"{registry}/{path}"} for component, path in PATHS.items()}


def with_registry(own: Mapping[str, Any], registry: str) -> dict[str, Any]:
    """A configuration with the registry for all images that it says nothing of."""
    return {**own, "images": {**images_from(registry), **(own.get("images") or {})}}


@contextmanager
def arguments(registry: str, env: Mapping[str, str] = os.environ) -> Iterator[list[str]]:
    """The arguments by which clusterctl takes its images from a registry; none for an empty one.

    Raises:
        ExternalError: the user's own file is there and cannot be read.
    """
    if not registry:
        yield []
        return
    # It may name tokens, so it is in memory only; clusterctl wants a name that tells the format.
    content = yaml.safe_dump(with_registry(own(env), registry))
    with secret_file(content, "clusterctl") as file, TemporaryDirectory(prefix="slipway-") as folder:
        named = Path(folder) / "clusterctl.yaml"
        named.symlink_to(file)
        yield ["--config", str(named)]


def own(env: Mapping[str, str] = os.environ) -> Mapping[str, Any]:
    """The user's configuration; empty where there is none.

    Raises:
        ExternalError: there is one that cannot be read.
    """
    for folder in _folders(env):
        for file in sorted(folder.glob("clusterctl.*")):
            if file.suffix not in READABLE:
                raise ExternalError(f"{file} cannot be joined with slipway:imageRegistry: write it as YAML")
            try:
                return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            except (OSError, ValueError, yaml.YAMLError) as error:
                raise ExternalError(f"{file}, clusterctl's configuration, cannot be read: {error}") from None
    return {}


def _folders(env: Mapping[str, str]) -> Iterator[Path]:
    """Where clusterctl looks for its file, the first that has one counts."""
    home = Path(env.get("HOME", "~")).expanduser()
    usual = home / ("Library/Application Support" if sys.platform == "darwin" else ".config")
    yield Path(env.get("XDG_CONFIG_HOME") or usual) / "cluster-api"
    yield home / ".cluster-api"
