"""Signs in as a GitHub App: its private key signs a short proof, for which GitHub gives a token of one hour.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
"""

from __future__ import annotations

import ssl
import time
from typing import Final

import httpx2
import jwt

from external.command import ExternalError

USERNAME: Final = "x-access-token"
"""With which the token is the password: git over https knows no other way."""

RIGHTS: Final = {"contents": "write", "workflows": "write"}
"""All that the token is for; the seed has workflows, which GitHub lets nobody push without the second."""

TIMEOUT: Final = 30.0
CLOCKS: Final = 60
"""Seconds by which clocks may differ."""

PROOF: Final = 300
"""Seconds for which a proof counts; GitHub takes 600 at most."""

_REFUSALS: Final = {
    401: "does not know the App: check slipway:githubAppId and slipway:githubAppPrivateKey",
    404: "knows no such installation of the App: check slipway:githubAppInstallationId",
    422: f"does not give the App these rights in that repository: {', '.join(f'{k} {v}' for k, v in RIGHTS.items())}",
}


def token(api: str, app: str, installation: str, private_key: str, *, repository: str, ca: str) -> str:
    """An installation's token, for one repository.

    Args:
        api: address of GitHub's API.
        app, installation: their ids.
        private_key: RSA, PEM.
        repository: its name, without the owner's.
        ca: PEM text of the authorities its certificate is checked against besides the system's.

    Raises:
        ExternalError: GitHub refuses, or does not answer; says what to check.
    """
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(cadata=ca)
    try:
        answer = httpx2.post(
            f"{api}/app/installations/{installation}/access_tokens",
            headers={"Authorization": f"Bearer {_proof(app, private_key)}", "Accept": "application/vnd.github+json"},
            json={"repositories": [repository], "permissions": RIGHTS},
            verify=context,
            timeout=TIMEOUT,
        )
        if answer.status_code in _REFUSALS:
            raise ExternalError(f"GitHub at {api} {_REFUSALS[answer.status_code]}")
        return str(answer.raise_for_status().json()["token"])
    except httpx2.HTTPError as error:
        raise ExternalError(f"GitHub at {api} does not give the App a token: {error or type(error).__name__}") from None


def _proof(app: str, private_key: str) -> str:
    now = int(time.time())
    claims = {"iss": app, "iat": now - CLOCKS, "exp": now + PROOF}
    try:
        return jwt.encode(claims, private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):  # their words may repeat a part of it
        raise ExternalError(
            "slipway:githubAppPrivateKey is no RSA key in PEM: download one from the App's page"
        ) from None
