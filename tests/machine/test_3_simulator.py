"""The simulator with real clusters behind it, through Microsoft's own clients."""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientAssertionCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient

from local_azure import instance
from local_azure.command import CommandFailed, run
from local_azure.machine import authority, processes
from local_azure.toolchain import Toolchain

URL = f"https://{instance.SIMULATOR}"
SUBSCRIPTION = f"/subscriptions/{instance.SUBSCRIPTION_ID}"
SUBJECT = "system:serviceaccount:default:default"
CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
POOL = {"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D2s_v5"}
CLUSTER: dict[str, Any] = {
    "location": "northeurope",
    "identity": {"type": "SystemAssigned"},
    "dns_prefix": "mc",
    "agent_pool_profiles": [POOL],
    "oidc_issuer_profile": {"enabled": True},
    "security_profile": {"workload_identity": {"enabled": True}},
    "aad_profile": {"managed": True, "enable_azure_rbac": True},
}


class Operator:
    """Starts the simulator and speaks to it as the operator."""

    def __init__(self, tools: Toolchain, folder: Path) -> None:
        self._tools = tools
        self.folder = folder
        self.start()
        self.aks = self.client(ContainerServiceClient)
        self.groups = self.client(ResourceManagementClient).resource_groups

    def start(self) -> None:
        """Start it, or start it again."""
        checkout = Path(__file__).parents[2]
        path = f"{self._tools.bin}:{os.environ['PATH']}"
        processes.start(
            "azure",
            [sys.executable, "-m", "local_azure.azure"],
            env={**os.environ, "PYTHONPATH": str(checkout), "PATH": path},
        )
        self._wait_ready()

    def kill(self) -> None:
        """As a machine without power would."""
        process = processes.recorded("azure")
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        while processes.alive("azure"):
            time.sleep(0.05)

    def credential(self, client_id: str, assertion: str) -> ClientAssertionCredential:
        return ClientAssertionCredential(
            instance.TENANT_ID,
            client_id,
            lambda: assertion,
            authority=URL,
            disable_instance_discovery=True,
            connection_verify=str(authority.CERTIFICATE),
        )

    def client(self, kind: type[Any]) -> Any:
        token = (instance.STATE / "operator" / "token").read_text()
        return kind(
            self.credential(instance.OPERATOR_CLIENT_ID, token),
            instance.SUBSCRIPTION_ID,
            base_url=URL,
            credential_scopes=["https://management.azure.com/.default"],
            connection_verify=str(authority.CERTIFICATE),
        )

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None) -> str:
        """kubectl as the cluster's administrator, or with another kubeconfig."""
        file = kubeconfig or self.admin_kubeconfig()
        return run([self._tools.bin / "kubectl", f"--kubeconfig={file}", *arguments]).strip()

    def admin_kubeconfig(self) -> Path:
        """Where the administrator's kubeconfig was written."""
        file = self.folder / "admin"
        file.write_bytes(self.aks.managed_clusters.list_cluster_admin_credentials("rg", "mc").kubeconfigs[0].value)
        return file

    def _wait_ready(self) -> None:
        context = httpx.create_ssl_context(verify=str(authority.CERTIFICATE))
        for _ in range(200):
            try:
                httpx.get(f"{URL}/_local/health", verify=context).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the simulator did not come up")


@pytest.fixture(scope="module")
def operator(services: None, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The running simulator with a resource group `rg`."""
    running = Operator(tools, tmp_path_factory.mktemp("kubeconfigs"))
    running.groups.create_or_update("rg", {"location": "northeurope"})
    yield running
    processes.stop("azure")


def test_1_a_cluster_is_finished_after_a_kill_in_the_middle(operator: Operator) -> None:
    operator.aks.managed_clusters.begin_create_or_update("rg", "mc", CLUSTER, polling=False)
    operator.kill()
    operator.start()
    while operator.aks.managed_clusters.get("rg", "mc").provisioning_state == "Creating":
        time.sleep(0.5)
    cluster = operator.aks.managed_clusters.get("rg", "mc")
    assert cluster.provisioning_state == "Succeeded"
    labels = operator.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.labels}")
    assert '"kubernetes.azure.com/agentpool":"system"' in labels
    assert f'"kubernetes.azure.com/cluster":"{cluster.node_resource_group}"' in labels


def test_2_scaling_a_pool_changes_nodes(operator: Operator) -> None:
    operator.aks.agent_pools.begin_create_or_update("rg", "mc", "system", {**POOL, "count": 2}).result()
    assert len(operator.kubectl("get", "nodes", "-o", "name").splitlines()) == 2


def test_3_a_service_account_signs_in_to_azure(operator: Operator) -> None:
    cluster = operator.aks.managed_clusters.get("rg", "mc")
    identities = operator.client(ManagedServiceIdentityClient)
    identity = identities.user_assigned_identities.create_or_update("rg", "i", {"location": "northeurope"})
    credential = {
        "issuer": cluster.oidc_issuer_profile.issuer_url,
        "subject": SUBJECT,
        "audiences": ["api://AzureADTokenExchange"],
    }
    identities.federated_identity_credentials.create_or_update("rg", "i", "c", credential)
    token = operator.kubectl("create", "token", "default", "--audience=api://AzureADTokenExchange")
    signed_in = operator.credential(identity.client_id, token)
    assert signed_in.get_token("https://management.azure.com/.default").token
    other = operator.kubectl("create", "token", "default", "-n", "kube-system", "--audience=api://AzureADTokenExchange")
    with pytest.raises(HttpResponseError, match="AADSTS700213"):
        operator.credential(identity.client_id, other).get_token("https://management.azure.com/.default")


def test_4_azure_roles_open_the_cluster(operator: Operator) -> None:
    token = operator.kubectl("create", "token", "default", "--audience=api://AzureADTokenExchange")
    identities = operator.client(ManagedServiceIdentityClient)
    identity = identities.user_assigned_identities.get("rg", "i")
    entra = operator.credential(identity.client_id, token).get_token(f"{instance.AKS_SERVER_APP_ID}/.default").token
    kubeconfig = yaml.safe_load(operator.admin_kubeconfig().read_text())
    kubeconfig["users"][0]["user"] = {"token": entra}
    file = operator.folder / "entra"
    file.write_text(yaml.safe_dump(kubeconfig))

    def may() -> bool:
        try:
            return operator.kubectl("auth", "can-i", "create", "clusterroles", kubeconfig=file) == "yes"
        except CommandFailed:
            return False

    assert not may()
    cluster = operator.aks.managed_clusters.get("rg", "mc")
    body = {
        "principal_id": identity.principal_id,
        "principal_type": "ServicePrincipal",
        "role_definition_id": f"/providers/Microsoft.Authorization/roleDefinitions/{CLUSTER_ADMIN}",
    }
    operator.client(AuthorizationManagementClient).role_assignments.create(cluster.id, str(uuid.uuid4()), body)
    deadline = time.monotonic() + 30
    while not may():
        assert time.monotonic() < deadline, "the role assignment does not work"
        time.sleep(1)


def test_5_deleting_the_group_leaves_nothing(operator: Operator) -> None:
    operator.groups.begin_delete("rg").result()
    assert list(operator.groups.list()) == []
    assert processes.names("cluster-") == []
