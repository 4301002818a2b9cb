"""Tokens of Entra for whoever runs this program, by `kubelogin`, as into the management cluster itself."""

from __future__ import annotations

import json
from typing import Final

from external.command import ExternalError, require, run

HOW: Final = "azurecli"
"""As whom `az login` did. GitHub's pipelines say otherwise by AAD_LOGIN_METHOD, which goes before it: `az` cannot renew
what it has there. https://azure.github.io/kubelogin/concepts/login-modes/workloadidentity.html"""

SOURCE: Final = "https://azure.github.io/kubelogin/install.html"


def token(resource: str) -> str:
    """An access token for the application `resource`, a GUID; https://azure.github.io/kubelogin/cli/get-token.html.

    Raises:
        ExternalError: kubelogin is missing, or nobody is signed in.
    """
    require("kubelogin", SOURCE)
    printed = run(["kubelogin", "get-token", "--login", HOW, "--server-id", resource])
    try:
        found = json.loads(printed)["status"]["token"]
    except (ValueError, KeyError):  # what was printed may hold a token
        raise ExternalError(f"kubelogin gave no token for {resource}: run `az login`") from None
    return str(found)
