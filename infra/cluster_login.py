"""How people, pipelines and this program enter the management cluster: by Entra, never by a certificate.

Local accounts are off, so a kubeconfig holds no credential: it names `kubelogin`, which signs in as whoever runs it.
https://learn.microsoft.com/azure/aks/kubelogin-authentication
"""

from __future__ import annotations

import base64
from typing import Any, Final

import pulumi
import yaml
from pulumi_azure_native import authorization
from pulumi_azure_native import containerservice as aks

from external.entra import HOW
from infra.access import Role, grant

AZURE_CLI: Final = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The application that a person signs in by with `az login`; a pipeline signs in as an application of its own.
https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in"""


def let_in(
    cluster: aks.ManagedCluster, *, name: str, subscription_id: str, parent: pulumi.Resource
) -> authorization.RoleAssignment:
    """Give who first runs this program the rights of an administrator inside the cluster.

    Whoever else runs it later is a member of one of `slipway:adminGroups`: two people who take turns would otherwise
    take the right from each other.
    """
    me = authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=parent))
    return grant(
        "creator-is-administrator",
        Role.AKS_CLUSTER_ADMIN.of(subscription_id),
        to=me.object_id,
        on=cluster.id,
        subscription_id=subscription_id,
        owner=name,
        principal_type=me.client_id.apply(_principal_type),
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["principalId", "principalType"]),
    )


def kubeconfig(
    resource_group: pulumi.Input[str], name: pulumi.Input[str], *, after: pulumi.Resource
) -> pulumi.Output[str]:
    """The kubeconfig that AKS gives its users, with another way to sign in; a secret, as all kubeconfigs are here."""
    credentials = aks.list_managed_cluster_user_credentials_output(
        resource_group_name=resource_group,
        resource_name=name,
        opts=pulumi.InvokeOutputOptions(depends_on=[after]),
    )
    text = credentials.apply(lambda found: base64.b64decode(found.kubeconfigs[0].value).decode())
    return pulumi.Output.secret(text.apply(by_login))


def _principal_type(client_id: str) -> authorization.PrincipalType:
    person = client_id == AZURE_CLI
    return authorization.PrincipalType.USER if person else authorization.PrincipalType.SERVICE_PRINCIPAL


def by_login(text: str) -> str:
    """A kubeconfig of AKS (YAML) that signs in by HOW, as `kubelogin convert-kubeconfig -l azurecli` makes it."""
    document: dict[str, Any] = yaml.safe_load(text)
    for user in document["users"]:
        command = user["user"].get("exec")
        if command is None:
            raise ValueError("AKS gave a kubeconfig with a credential in it: the cluster's local accounts are on")
        arguments = list(command["args"])
        server = arguments[arguments.index("--server-id") + 1]
        command["args"] = ["get-token", "--login", HOW, "--server-id", server]
    return yaml.safe_dump(document, sort_keys=False)
