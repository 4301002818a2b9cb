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
    deployment = state.deployment or {}
    pending = deployment.get("pending_operations") or []
    creating = [it for it in pending if it["type"] == "creating" and it["resource"]["type"].startswith("azure-native:")]
    if not creating:
        return False
    known = table or Table.load(plugin_folder() / "table.json")
    begun = [_begun(it["resource"], known) for it in creating]
    mended = {
        **deployment,
        "resources": [*deployment["resources"], *begun],
        "pending_operations": [it for it in pending if it not in creating],  # other providers create what exists
    }
    stack.import_stack(automation.Deployment(state.version, mended))
    stack.refresh(target=[it["urn"] for it in begun], color="never")
    return True


def _begun(resource: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """A pending creation's resource as one that exists, with outputs still to be read."""
    known = table.resources[resource["type"]]
    return {**resource, "id": translate.request_path(known, SUBSCRIPTION_ID, resource["inputs"]), "outputs": {}}
