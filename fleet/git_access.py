"""The ways into the fleet repository, as a resource keeps them in its inputs, and as a remote that git can talk to.

What lasts an hour is asked for each time: it is in no state.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from external import entra
from fleet.git_remote import Remote
from infra.fleet_settings import FleetSettings

INPUTS: Final = ("url", "username", "password", "ca", "access")
"""The properties of a resource that say how to reach the repository; `access` is missing where it is by a password."""

AZURE_DEVOPS: Final = "499b84ac-1321-427f-aa17-267ca6975798"
"""Azure DevOps to Entra.
https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity"""


def inputs(settings: FleetSettings) -> dict[str, Any]:
    """What `remote` needs, as inputs of a resource; credentials are marked secret."""
    found: dict[str, Any] = {
        "url": settings.fleet_url,
        "username": settings.git_username,
        "password": pulumi.Output.secret(settings.secret("git_password")),
        "ca": settings.ca_certificates,
    }
    if settings.git_auth != "password":
        found["access"] = pulumi.Output.secret(_access(settings))
    return found


def _access(settings: FleetSettings) -> dict[str, str]:
    ways = {
        "azureDevOps": {},
        "githubApp": {
            "api": settings.github_api_url,
            "app": settings.github_app_id,
            "installation": settings.github_app_installation_id,
            "private_key": settings.secret("github_app_private_key"),
        },
        "deployKey": {"private_key": settings.secret("git_private_key"), "known_hosts": settings.known_hosts},
    }
    return {"by": settings.git_auth, **ways[settings.git_auth]}


def remote(properties: dict[str, Any]) -> Remote:
    """The remote that the properties of a resource lead to.

    Raises:
        ExternalError: Entra or GitHub gives no token.
    """
    url, ca = properties["url"], properties["ca"]
    access = properties.get("access") or {"by": "password"}
    match access["by"]:
        case "azureDevOps":
            mend = "your user, or your pipeline's, in Azure DevOps"
            return Remote(url, bearer=entra.token(AZURE_DEVOPS), ca=ca, checked=mend)
        case "githubApp":
            return _by_app(url, ca, access)
        case "deployKey":
            key, hosts = access["private_key"], access["known_hosts"]
            return Remote(url, private_key=key, known_hosts=hosts, checked="slipway:gitPrivateKey")
        case _:
            return Remote(url, properties["username"], properties["password"], ca)


def _by_app(url: str, ca: str, access: dict[str, str]) -> Remote:
    from fleet import github_app  # noqa: PLC0415 - slow to import

    token = github_app.token(
        access["api"],
        access["app"],
        access["installation"],
        access["private_key"],
        repository=url.rstrip("/").rpartition("/")[2].removesuffix(".git"),
        ca=ca,
    )
    return Remote(url, github_app.USERNAME, token, ca, checked="the App's permissions")
