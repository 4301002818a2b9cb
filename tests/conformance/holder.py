"""An identity that holds roles of ours in the simulator, and asks for things as a controller does."""

from __future__ import annotations

import time
import tomllib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

import local_azure.azure
from tests.conformance.running import SUBSCRIPTION, Running

SUBJECT = "system:serviceaccount:capz-system:controller"
ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
VERSIONS = tomllib.loads((Path(local_azure.azure.__file__).parent / "api_versions.toml").read_text())


def operation_of(answer: httpx.Response) -> str:
    """Where to ask how it goes, as an answer says; empty when it is done."""
    found = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location") or ""
    return urlsplit(found).path


class Asker:
    """Sends requests to ARM as somebody."""

    def __init__(self, azure: Running, token: str) -> None:
        self._http, self._headers = azure.http, {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One request, by the newest API version."""
        namespace = path.rpartition("/providers/")[2].partition("/")[0] if "/providers/" in path else ""
        version = VERSIONS[namespace or "Microsoft.Resources"][-1]
        return self._http.request(
            method,
            path,
            params={"api-version": version},
            json=body if body is not None else None,
            headers=self._headers,
        )

    def do(self, method: str, path: str, body: object = None) -> Any:
        """The same, which has to succeed."""
        answer = self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def settle(self, method: str, path: str) -> None:
        """Wait for the end of what a request has begun; a machine's extensions never end here."""
        while method in ("PUT", "DELETE") and "/extensions/" not in path:
            found = self.ask("GET", path)
            properties = found.json().get("properties") or {} if found.is_success else {}
            if properties.get("provisioningState") not in ("Creating", "Updating", "Deleting"):
                return
            time.sleep(0.02)


class Holder(Asker):
    """An identity with custom roles on the subscription."""

    def __init__(self, azure: Running, operator: Asker, group: str, issuer: str) -> None:
        path = (
            f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/holder"
        )
        made = operator.do("PUT", path, {"location": "westeurope"})["properties"]
        trust = {"issuer": issuer, "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"]}
        operator.do("PUT", f"{path}/federatedIdentityCredentials/controller", {"properties": trust})
        self.credential = azure.credential(made["clientId"], azure.service_account_token(issuer, SUBJECT))
        super().__init__(azure, self.credential.get_token("https://management.azure.com/.default").token)
        self.identity, self.principal = path, str(made["principalId"])
        self._operator = operator

    def hold(self, actions: Sequence[str], condition: str = "") -> str:
        """Give it a role with these actions; returns the role's ID."""
        role = f"{ROLES}/roleDefinitions/{uuid.uuid4()}"
        self.redefine(role, actions)
        properties = {"roleDefinitionId": role, "principalId": self.principal, "principalType": "ServicePrincipal"}
        conditional = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
        self._operator.do("PUT", f"{ROLES}/roleAssignments/{uuid.uuid4()}", {"properties": properties | conditional})
        return role

    def redefine(self, role: str, actions: Sequence[str]) -> None:
        """Change what a role allows."""
        permissions = [{"actions": list(actions)}]
        properties = {"roleName": role, "assignableScopes": [SUBSCRIPTION], "permissions": permissions}
        self._operator.do("PUT", role, {"properties": properties})
