"""What never reaches the request log."""

from __future__ import annotations

from local_azure.azure.request_log import HIDDEN, without_secrets


def test_values_of_secret_looking_members_are_hidden_wherever_they_are() -> None:
    body = {"a": [{"clientSecret": "x", "adminPassword": "y", "kubeconfig": "z"}], "name": "n"}
    assert without_secrets(body) == {
        "a": [{"clientSecret": HIDDEN, "adminPassword": HIDDEN, "kubeconfig": HIDDEN}],
        "name": "n",
    }


def test_settings_about_secrets_stay_readable() -> None:
    assert without_secrets({"secretRotation": {"enabled": True}}) == {"secretRotation": {"enabled": True}}
