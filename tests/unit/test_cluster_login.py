"""Kubeconfigs of the management cluster hold no credential: they say how to get one."""

from __future__ import annotations

import pytest
import yaml

from infra.cluster_login import by_login
from local_azure.clusters import kubeconfig
from local_azure.instance import AKS_SERVER_APP_ID


def test_a_kubeconfig_signs_in_as_whoever_is_signed_in_to_azure() -> None:
    given = kubeconfig.with_kubelogin("https://api", b"ca", "tenant", cluster="c", user="u", context="x")
    made = yaml.safe_load(by_login(given))
    command = made["users"][0]["user"]["exec"]
    assert command["command"] == "kubelogin"
    assert command["args"] == ["get-token", "--login", "azurecli", "--server-id", AKS_SERVER_APP_ID]
    assert made["clusters"] == yaml.safe_load(given)["clusters"]


def test_a_kubeconfig_with_a_credential_in_it_is_refused() -> None:
    user = {"name": "admin", "user": {"client-key-data": "a2V5"}}
    with pytest.raises(ValueError, match="local accounts are on"):
        by_login(yaml.safe_dump({"users": [user]}))
