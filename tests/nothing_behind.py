"""No clusters at all behind ARM: for tests of ARM and Entra alone, and to develop their clients without root.

Operations on ManagedClusters succeed though nothing was made, and kubeconfigs lead nowhere. To serve it:
`python -m local_azure.azure --clusters tests.nothing_behind:NothingBehind --listen 127.0.0.1:18443 --state FOLDER`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from local_azure.azure.backend import ClusterSpec, PoolSpec
from local_azure.azure.entra_keys import SigningKey
from local_azure.instance import AKS_SERVER_APP_ID


class NothingBehind:
    """Takes every call of `Clusters` and makes nothing. `key` signs for every cluster's issuer; `specs` are by ID."""

    def __init__(self, folder: Path | None = None) -> None:
        self.key = SigningKey((folder or Path(mkdtemp())) / "issuer.key")
        self.calls: list[tuple[str, str]] = []
        self.specs: dict[str, ClusterSpec] = {}

    def create(self, spec: ClusterSpec) -> None:
        self.calls.append(("create", spec.resource_id))
        self.specs[spec.resource_id] = spec

    def set_pool(self, resource_id: str, pool: PoolSpec) -> None:
        self.calls.append((f"set_pool {pool.name} {pool.count}", resource_id))

    def delete_pool(self, resource_id: str, name: str) -> None:
        self.calls.append((f"delete_pool {name}", resource_id))

    def delete(self, resource_id: str) -> None:
        self.calls.append(("delete", resource_id))

    def admin_kubeconfig(self, resource_id: str) -> str:
        return _kubeconfig({})

    def user_kubeconfig(self, resource_id: str) -> str:
        kubelogin = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": ["get-token", "--server-id", AKS_SERVER_APP_ID],
        }
        return _kubeconfig({"exec": kubelogin})

    def jwks(self, resource_id: str) -> Mapping[str, Any]:
        return self.key.jwks()


def _kubeconfig(user: Mapping[str, Any]) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "nothing", "cluster": {"server": "https://nothing-behind.invalid"}}],
        "users": [{"name": "nobody", "user": dict(user)}],
        "contexts": [{"name": "nothing", "context": {"cluster": "nothing", "user": "nobody"}}],
        "current-context": "nothing",
    }
    return str(yaml.safe_dump(document))
