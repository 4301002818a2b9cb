"""What Flux signs in to Git by: the Secrets of the management cluster, and what the fleet hands to the agents.

The agents have a credential that only reads, where the stack has one; docs/how-to/git-access.md says who holds which.
"""

from __future__ import annotations

import base64
from typing import Final

from infra.fleet_settings import GITHUB, FleetSettings

CREDENTIAL: Final = "fleet-git"
"""The Secret by which Flux here reads the repository."""

VALUES: Final = "fleet-git-values"
"""The Secret from which the agents' copy, and teams', is substituted: hydration/sync/git.yaml of the fleet."""

SIGNERS: Final = "fleet-signers"
"""The Secret with the public keys of those whose commits Flux takes."""


def only_reads(settings: FleetSettings) -> bool:
    """Whether agents get a credential other than this program's own, which can push."""
    if settings.git_auth == "deployKey":
        return bool(settings.git_reader_private_key)
    return bool(settings.git_reader_password)


def secrets(settings: FleetSettings) -> dict[str, dict[str, str]]:
    """The data of each Secret, by its name. Flux's keys: https://fluxcd.io/flux/components/source/gitrepositories/"""
    found = {VALUES: _values(settings)}
    if own := _own(settings):
        found[CREDENTIAL] = own
    if settings.signers:
        found[SIGNERS] = dict(settings.signers)
    return found


def _own(settings: FleetSettings) -> dict[str, str]:
    """What Flux on the management cluster reads by; nothing where it has an identity."""
    match settings.git_auth:
        case "azureDevOps":
            return {}
        case "deployKey":
            return {"identity": _private_key(settings), "known_hosts": settings.known_hosts}
        case "githubApp":
            found = {
                "githubAppID": settings.github_app_id,
                "githubAppInstallationID": settings.github_app_installation_id,
                "githubAppPrivateKey": settings.secret("github_app_private_key"),
            }
            if settings.github_api_url != GITHUB:
                found["githubAppBaseURL"] = settings.github_api_url
        case _:
            user, password = _reader(settings)
            found = {"username": user, "password": password}
    if settings.ca_certificates:
        found["ca.crt"] = settings.ca_certificates
    return found


def _values(settings: FleetSettings) -> dict[str, str]:
    """Texts of several lines are encoded: Flux would make one line of them when it substitutes."""
    if settings.git_auth == "deployKey":
        key, hosts = encode(_private_key(settings)), encode(settings.known_hosts)
        return {"git_username": "", "git_password": "", "git_identity_base64": key, "git_known_hosts_base64": hosts}
    user, password = _reader(settings)
    found = {"git_username": user, "git_password": password}
    if settings.ca_certificates:
        found["git_ca_base64"] = encode(settings.ca_certificates)
    return found


def _reader(settings: FleetSettings) -> tuple[str, str]:
    """User and password of who only reads; this program's own where nobody does."""
    if password := settings.secret("git_reader_password"):
        return settings.git_reader_username, password
    return settings.git_username, settings.secret("git_password")


def _private_key(settings: FleetSettings) -> str:
    key = settings.secret("git_reader_private_key") or settings.secret("git_private_key")
    return key.strip() + "\n"  # OpenSSH wants the end of the last line, which config may have lost


def encode(value: str) -> str:
    """Base64, as the data of a Secret are."""
    return base64.b64encode(value.encode()).decode()
