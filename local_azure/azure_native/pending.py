"""Takes up creations that a killed `pulumi` began: Azure may have finished them, and the state does not know.

Without this the next `pulumi up` fails with "cannot create already existing resource", as it does with Pulumi's plugin.
Its documentation has one write the resource's ID into the exported state by hand; here the ID follows from the inputs:
https://www.pulumi.com/docs/iac/operations/troubleshooting/editing-state-files/#handling-pending-operations
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import automation

from local_azure.azure_native import translate
from local_azure.azure_native.install import plugin_folder
from local_azure.azure_native.table import Table
from local_azure.instance import SUBSCRIPTION_ID


def recover(stack: automation.Stack, table: Table | None = None) -> bool:
    """Mends a stack whose `pulumi` was killed; returns whether anything was pending.

    Waits for what Azure began and forgets what it did not begin. `table` is the installed plugin's if not given.

    Raises:
        automation.CommandError: Pulumi cannot read the state or Azure does not answer.
    """
    stack.cancel()  # the dead engine's lock
    state = stack.export_stack()
    deployment = taken_up(state.deployment or {}, table)
    if deployment is None:
        return False
    stack.import_stack(automation.Deployment(state.version, deployment))
    stack.refresh(color="never")
    return True


def taken_up(deployment: Mapping[str, Any], table: Table | None = None) -> dict[str, Any] | None:
    """An exported deployment with its pending creations made resources, to be refreshed; None where there are none.

    Creations of other providers stay pending.
    """
    pending = deployment.get("pending_operations") or []
    creating = [it for it in pending if it["type"] == "creating" and it["resource"]["type"].startswith("azure-native:")]
    if not creating:
        return None
    known = table or Table.load(plugin_folder() / "table.json")
    return {
        **deployment,
        "resources": [*deployment["resources"], *(_begun(it["resource"], known) for it in creating)],
        "pending_operations": [it for it in pending if it not in creating],
    }


def _begun(resource: dict[str, Any], table: Table) -> dict[str, Any]:
    known = table.resources[resource["type"]]
    return {**resource, "id": translate.request_path(known, SUBSCRIPTION_ID, resource["inputs"]), "outputs": {}}
