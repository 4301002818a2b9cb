"""A secret in Git: encrypted by the commands of docs/how-to/secrets.md, in clear in the cluster alone, where Flux may.

The page's `az` commands are Microsoft's own clients here; its other commands run as they are.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from local_azure import first_cluster
from local_azure.azure.access import built_in_roles
from local_azure.azure.directory import OPERATOR
from local_azure.command import run
from local_azure.instance import SUBSCRIPTION_ID, TENANT_ID
from tests.e2e.local import CHECKOUT, MANAGEMENT, Local, eventually
from tests.faults.runbook import DOCS, commands
from tests.faults.test_2_program import MINUTES, UP
from tests.fleet.rendering import readme_files

PAGE = "how-to/secrets.md"
GROUP, VAULT = "rg-secrets", "kv-fleet"
FOLDER = Path("environments/dev/tenants/shop")
NAMESPACE = "shop-dev"
PASSWORD = "correct-horse-${battery}"
"""Flux would substitute what it finds in clear."""


@pytest.fixture(scope="module")
def key(local: Local) -> Iterator[Any]:
    """A key in a vault of its own, by which the operator may encrypt."""
    groups, vaults = local.client(ResourceManagementClient).resource_groups, local.client(KeyVaultManagementClient)
    groups.create_or_update(GROUP, {"location": "westeurope"})
    properties = {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    vaults.vaults.begin_create_or_update(GROUP, VAULT, {"location": "westeurope", "properties": properties}).result()
    of_key = {"kty": "RSA", "keySize": 3072, "keyOps": ["encrypt", "decrypt"]}
    made = vaults.keys.create_if_not_exist(GROUP, VAULT, "sops", {"properties": of_key})
    user = next(guid for guid, role in built_in_roles().items() if role["roleName"] == "Key Vault Crypto User")
    definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{user}"
    _assignments(local).create(made.id, str(uuid.uuid4()), _assignment(definition, OPERATOR.object_id))
    yield made
    groups.begin_delete(GROUP).result()


@pytest.fixture(scope="module")
def switched_on(local: Local, key: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`Switch it on`, with settings of its own; afterwards the stack is as it was."""
    stack = tmp_path_factory.mktemp("stack") / "Pulumi.local.yaml"
    shutil.copy(CHECKOUT / stack.name, stack)
    script = commands(PAGE, "Switch it on").replace("<id of the key>", key.id)
    script = script.replace("config set", f"config set --config-file {stack}")
    script = script.replace("pulumi up", f"{' '.join(UP)} --config-file {stack}")
    try:
        local.run("bash", "-ec", script, timeout=5 * MINUTES)
        yield
    finally:
        local.run(*UP, timeout=5 * MINUTES)


@pytest.fixture(scope="module")
def role(local: Local, key: Any, switched_on: None) -> Any:
    """What `pulumi up` lets Flux do with the key: taken away, until a test gives it back."""
    on_key = [each for each in _assignments(local).list_for_scope(key.id) if each.scope.lower() == key.id.lower()]
    (found,) = [each for each in on_key if each.principal_id != OPERATOR.object_id]
    _assignments(local).delete_by_id(found.id)
    return found


@pytest.fixture(scope="module")
def merged(local: Local, key: Any, role: Any) -> Iterator[None]:
    """A team's credential, written as `Write one` says, is on main; afterwards it is gone, and the namespace too."""
    local.commit("The credential of shop", lambda fleet: _write(local, fleet, key.key_uri_with_version))
    local.reconcile(MANAGEMENT, "source", "git", "fleet")
    yield
    local.commit("No credential of shop", _remove)
    local.reconcile(MANAGEMENT, "kustomization", "dev-tenants", "--with-source")
    eventually(lambda: local.get(MANAGEMENT, "namespace", NAMESPACE) is None, 60, "the end of the namespace")


def test_history_has_it_only_encrypted(local: Local, merged: None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = first_cluster.clone(local.env, Path(folder) / "fleet")
        history = first_cluster.git(local.env, "-C", checkout, "log", "--all", "--patch")
    assert "password: ENC[AES256_GCM,data:" in history
    assert not [each for each in (PASSWORD, *_encodings(PASSWORD)) if each in history]


def test_without_its_role_flux_applies_nothing_and_the_status_says_what_it_lacks(local: Local, merged: None) -> None:
    said: list[str] = []

    def told() -> bool:
        lines = local.status().splitlines()
        said[:] = [line for line in lines if line.startswith("Kustomization dev-tenants: decryption failed")]
        return bool(said)

    eventually(told, 90, "Flux's word")
    assert "Caller is not authorized to perform action on resource." in said[0]
    assert "'Microsoft.KeyVault/vaults/keys/decrypt/action'" in said[0]
    assert local.get(MANAGEMENT, "namespace", NAMESPACE) is None


def test_with_its_role_flux_applies_it_as_it_was_written(local: Local, key: Any, role: Any, merged: None) -> None:
    began = time.time()
    _assignments(local).create(key.id, role.name, _assignment(role.role_definition_id, role.principal_id))
    local.reconcile(MANAGEMENT, "kustomization", "dev-tenants")
    data = local.get(MANAGEMENT, "secret", "shop-git", "-n", NAMESPACE)["data"]
    assert {name: base64.b64decode(value).decode() for name, value in data.items()} == {
        "username": "flux",
        "password": PASSWORD,
    }
    eventually(lambda: "Kustomization dev-tenants" not in local.status(), 60, "a fleet that is well")
    identity = json.loads(local.run("pulumi", "stack", "output", "identities", "--json"))["flux-decryption"]
    decrypted = [each for each in local.requests(began, path="/keys/sops/.*/decrypt$") if each["status"] == 200]
    assert {each["client_id"] for each in decrypted} == {identity}


def _write(local: Local, fleet: Path, address: str) -> None:
    rules = readme_files(DOCS / PAGE)[".sops.yaml"]
    (fleet / ".sops.yaml").write_text(rules.replace("https://kv-fleet.vault.azure.net/keys/sops/<version>", address))
    (fleet / FOLDER).mkdir(parents=True)
    (fleet / FOLDER / "kustomization.yaml").write_text("resources: [namespace.yaml, git.secret.yaml]\n")
    (fleet / FOLDER / "namespace.yaml").write_text(
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}}}\n"
    )
    (fleet.parent / "token.txt").write_text(PASSWORD)
    run(["bash", "-eo", "pipefail", "-c", commands(PAGE, "Write one")], env=local.env, cwd=fleet)


def _remove(fleet: Path) -> None:
    shutil.rmtree(fleet / FOLDER)
    (fleet / ".sops.yaml").unlink()


def _assignments(local: Local) -> Any:
    return local.client(AuthorizationManagementClient).role_assignments


def _assignment(definition: str, principal: str) -> dict[str, str]:
    return {"role_definition_id": definition, "principal_id": principal, "principal_type": "ServicePrincipal"}


def _encodings(text: str) -> Iterator[str]:
    """In base64, whatever stands before it."""
    for shift in range(3):
        yield base64.b64encode(b" " * shift + text.encode())[4 if shift else 0 : -4].decode()
