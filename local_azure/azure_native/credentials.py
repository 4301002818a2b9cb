"""Where Azure is, and a token for it: workload identity only, as `ARM_USE_OIDC` means for the real provider.

https://www.pulumi.com/registry/packages/azure-native/installation-configuration/#authenticate-with-openid-connect-oidc
The stand-in refuses every address that is not private to this machine or network, so that it never reaches the real
Azure.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REFRESH_BEFORE = 300.0
"""Seconds before its end that a token counts as used up."""


class ConfigurationError(Exception):
    """The provider cannot start: one line that says which setting is missing or wrong."""


@dataclass(frozen=True)
class Settings:
    """What the stack's config and the environment say. The names are the real provider's."""

    metadata_host: str
    subscription: str
    tenant: str
    client: str
    token_file: Path
    location: str = ""

    @classmethod
    def read(cls, config: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
        """`config` without its `azure-native:` prefix. Raises ConfigurationError."""
        env = os.environ if environment is None else environment
        host = config.get("metadataHost") or env.get("ARM_METADATA_HOSTNAME", "")
        if not host:
            raise ConfigurationError(
                "this is the local Azure's stand-in for azure-native: it works only where ARM_METADATA_HOSTNAME names"
                " a local Azure, and it is not set. For the real Azure unset PULUMI_HOME, which holds the stand-in."
            )
        if (config.get("useOidc") or env.get("ARM_USE_OIDC", "")).lower() not in {"true", "1"}:
            raise ConfigurationError("ARM_USE_OIDC is not 'true': the local Azure knows no client secrets, only tokens")
        return cls(
            metadata_host=host,
            subscription=_need(config, env, "subscriptionId", "ARM_SUBSCRIPTION_ID"),
            tenant=_need(config, env, "tenantId", "ARM_TENANT_ID"),
            client=_need(config, env, "clientId", "ARM_CLIENT_ID"),
            token_file=Path(_need(config, env, "oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH")),
            location=config.get("location") or env.get("ARM_LOCATION", ""),
        )


def _need(config: Mapping[str, str], env: Mapping[str, str], key: str, variable: str) -> str:
    value = config.get(key) or env.get(variable, "")
    if not value:
        raise ConfigurationError(f"set azure-native:{key} in the stack's config, or the variable {variable}")
    return value


@dataclass(frozen=True)
class Endpoints:
    """Base URLs without a slash at the end; `audience` is what tokens for ARM are issued to."""

    resource_manager: str
    login: str
    audience: str


def discover(http: urllib3.PoolManager, metadata_host: str) -> Endpoints:
    """Asks a cloud where its parts are. Raises ConfigurationError where one of them is on a public address.

    https://learn.microsoft.com/azure/azure-resource-manager/management/azure-stack-endpoints
    """
    url = f"https://{metadata_host}/metadata/endpoints?api-version=2022-09-01"
    refuse_public(url)
    try:
        answer = http.request("GET", url, timeout=10.0, retries=1)
        found: Any = answer.json()
        cloud = found[0] if isinstance(found, list) else found
        endpoints = Endpoints(
            resource_manager=cloud["resourceManager"].rstrip("/"),
            login=cloud["authentication"]["loginEndpoint"].rstrip("/"),
            audience=cloud["authentication"]["audiences"][0],
        )
    except (urllib3.exceptions.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"no Azure answers at {url} ({type(error).__name__}: {error}). Is the local Azure running ('make local')?"
        ) from error
    refuse_public(endpoints.resource_manager)
    refuse_public(endpoints.login)
    return endpoints


def refuse_public(url: str) -> None:
    """Raises ConfigurationError unless every address of the URL's host is private (RFC 1918) or this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise ConfigurationError(f"{host or url} has no address: {error.strerror}") from error
    public = [address for address in addresses if not ipaddress.ip_address(address.partition("%")[0]).is_private]
    if public:
        raise ConfigurationError(f"{host} is {public[0]}, which is public: the stand-in talks to the local Azure only")


class Credential:
    """Exchanges the token in a file for access tokens, and keeps these until they are nearly used up. Thread-safe."""

    def __init__(self, http: urllib3.PoolManager, endpoints: Endpoints, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._endpoints = endpoints
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def token(self, audience: str = "") -> str:
        """An access token for `audience`, by default ARM's. Raises ConfigurationError where Entra gives none."""
        audience = audience or self._endpoints.audience
        with self._lock:
            token, until = self._tokens.get(audience, ("", 0.0))
            if time.monotonic() > until - REFRESH_BEFORE:
                token, lifetime = self._exchange(audience)
                # A short-lived token is used for half its life, so that a long margin cannot mean asking every time.
                self._tokens[audience] = token, time.monotonic() + max(lifetime, REFRESH_BEFORE + lifetime / 2)
            return token

    def claims(self) -> dict[str, Any]:
        """What the ARM token says about who we are; not verified, that is Azure's part."""
        payload = self.token().split(".")[1]
        try:
            claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (binascii.Error, ValueError) as error:
            raise ConfigurationError(
                f"the access token from {self._endpoints.login} cannot be read: {error}"
            ) from error
        return claims

    def _exchange(self, audience: str) -> tuple[str, float]:
        """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential"""
        try:
            assertion = self._settings.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"cannot read the identity token {self._settings.token_file}: {error.strerror}"
                " (ARM_OIDC_TOKEN_FILE_PATH; the local Azure writes it while it runs)"
            ) from error
        url = f"{self._endpoints.login}/{self._settings.tenant}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": f"{audience}/.default",
        }
        try:
            answer = self._http.request("POST", url, fields=form, encode_multipart=False, timeout=30.0, retries=2)
            said: dict[str, Any] = answer.json()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise ConfigurationError(f"no token from {url}: {error}") from error
        if "access_token" not in said:
            why = str(said.get("error_description") or said.get("error") or f"HTTP {answer.status}").splitlines()[0]
            raise ConfigurationError(f"{url} gives no token to {self._settings.client}: {why}")
        return str(said["access_token"]), float(said.get("expires_in", 0))
