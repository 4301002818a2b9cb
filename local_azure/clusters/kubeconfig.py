"""Kubeconfigs: of the cluster's own programs, and those that Azure hands to users."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml

from local_azure.instance import AKS_SERVER_APP_ID
from local_azure.machine.certificates import Certificate

KUBELOGIN_CLIENT_ID = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"
"""Entra application of AKS's command line clients: https://azure.github.io/kubelogin/concepts/aks.html"""


def with_certificate(server: str, ca: bytes, client: Certificate, *, cluster: str, user: str, context: str) -> str:
    """A kubeconfig (YAML) whose user is a client certificate."""
    credentials = {
        "client-certificate-data": _base64(client.certificate),
        "client-key-data": _base64(client.key),
    }
    return _document(server, ca, credentials, cluster=cluster, user=user, context=context)


def with_kubelogin(server: str, ca: bytes, tenant_id: str, *, cluster: str, user: str, context: str) -> str:
    """A kubeconfig (YAML) whose user signs in to Entra by kubelogin, as AKS hands it out."""
    credentials = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [
                "get-token",
                "--environment",
                "AzurePublicCloud",
                "--server-id",
                AKS_SERVER_APP_ID,
                "--client-id",
                KUBELOGIN_CLIENT_ID,
                "--tenant-id",
                tenant_id,
                "--login",
                "devicecode",
            ],
            "env": None,
            "installHint": "kubelogin is needed to sign in to this cluster: https://aka.ms/aks/kubelogin",
            "provideClusterInfo": False,
        }
    }
    return _document(server, ca, credentials, cluster=cluster, user=user, context=context)


def without_credentials(server: str, ca: bytes) -> str:
    """A kubeconfig (YAML) that names a server only, for webhooks."""
    return _document(server, ca, {}, cluster="webhook", user="nobody", context="webhook")


def write(path: Path, text: str) -> None:
    """Write a file that only root may read, at once."""
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(path)


def _document(server: str, ca: bytes, credentials: dict[str, Any], *, cluster: str, user: str, context: str) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority-data": _base64(ca)}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
        "current-context": context,
        "preferences": {},
    }
    return yaml.safe_dump(document, sort_keys=False)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
