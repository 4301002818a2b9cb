"""Rules of AKS about a managed cluster's properties that no model can say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_azure.azure import cluster_networks, private_dns
from local_azure.azure.directory import IDENTITIES
from local_azure.azure.errors import ArmError, bad_request
from local_azure.azure.regions import normal
from local_azure.azure.resource_type import Put, unchangeable
from local_azure.azure.subscription import Azure

NAME = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
DNS_PREFIX = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,52}[a-zA-Z0-9])?")


def check(azure: Azure, put: Put, properties: Mapping[str, Any]) -> None:
    """Raise ArmError for the first broken rule; `properties` has the defaults filled in."""
    _check_names(put, properties)
    _check_security(properties, put.existing.properties if put.existing else {})
    cluster_networks.check_profile(properties["networkProfile"])
    _check_identity(azure, put)
    _check_kubelet_identity(azure, put)
    _check_disk_encryption(azure, put)
    cluster_networks.check(azure, put, properties)
    private_dns.check(azure, put, properties)
    _check_support_plan(put, properties)
    if put.existing is not None:
        _check_unchanged(put, properties)


def _check_names(put: Put, properties: Mapping[str, Any]) -> None:
    if not NAME.fullmatch(put.id.name):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter resourceName is invalid: '{put.id.name}'. It has 1 to 63 letters, digits, '-' "
            "and '_', and begins and ends with a letter or digit. Please see https://aka.ms/aks-naming-rules for "
            "more details.",
            "resourceName",
        )
    prefix = properties.get("dnsPrefix") or properties.get("fqdnSubdomain")
    if not prefix:
        raise bad_request("InvalidParameter", "Required parameter dnsPrefix is missing (null).", "dnsPrefix")
    if not DNS_PREFIX.fullmatch(prefix):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter dnsPrefix is invalid: '{prefix}'. It has 1 to 54 letters, digits and '-'. "
            "Please see https://aka.ms/aks-naming-rules for more details.",
            "dnsPrefix",
        )


def _check_security(properties: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    def on(where: Mapping[str, Any], *path: str) -> bool:
        value: Any = where
        for part in path:
            value = (value or {}).get(part)
        return bool(value)

    issuer = on(properties, "oidcIssuerProfile", "enabled")
    if on(known, "oidcIssuerProfile", "enabled") and not issuer:
        raise bad_request(
            "OIDCIssuerCannotBeDisabled",
            "The OIDC issuer feature can't be disabled once it is enabled.",
            "oidcIssuerProfile.enabled",
        )
    if on(properties, "securityProfile", "workloadIdentity", "enabled") and not issuer:
        raise bad_request(
            "InvalidParameter",
            "The OIDC issuer must be enabled for workload identity to be enabled.",
            "securityProfile.workloadIdentity.enabled",
        )
    entra = on(properties, "aadProfile", "managed")
    if properties.get("disableLocalAccounts") and not entra:
        raise bad_request(
            "BadRequest",
            "Disabling local accounts is only allowed for clusters with managed AAD enabled.",
            "disableLocalAccounts",
        )
    if on(properties, "aadProfile") and not entra:
        raise bad_request(
            "BadRequest",
            "Only AKS-managed Entra integration is supported: set aadProfile.managed.",
            "aadProfile.managed",
        )


def _check_support_plan(put: Put, properties: Mapping[str, Any]) -> None:
    """https://learn.microsoft.com/azure/aks/long-term-support; the code is guessed."""
    tier = (put.body.get("sku") or {}).get("tier", "Free")
    if properties["supportPlan"] == "AKSLongTermSupport" and tier != "Premium":
        raise bad_request(
            "BadRequest", f"The support plan AKSLongTermSupport needs the tier Premium, not {tier}.", "supportPlan"
        )


def _check_identity(azure: Azure, put: Put) -> None:
    identity = put.body.get("identity") or (put.existing.body.get("identity") if put.existing else None) or {}
    kind = identity.get("type", "None")
    if kind == "None":
        raise bad_request(
            "InvalidParameter",
            "Required parameter identity is missing (null): there are no service principals with secrets.",
            "identity",
        )
    assigned = list(identity.get("userAssignedIdentities") or ())
    if kind == "UserAssigned" and len(assigned) != 1:
        raise bad_request(
            "InvalidParameter",
            "A cluster with a user-assigned identity needs exactly one.",
            "identity.userAssignedIdentities",
        )
    for reference in assigned:
        if azure.store.get(reference) is None:
            raise ArmError(
                400,
                "FailedIdentityOperation",
                f"Identity operation for resource '{put.id.text}' failed with error 'Failed to perform resource "
                f"identity operation. Status: 'NotFound'. Response: 'The Resource '{reference}' was not found.''.",
            )
        cluster_networks.require_linked(azure, put, reference, f"{IDENTITIES}/assign/action")


def _check_kubelet_identity(azure: Azure, put: Put) -> None:
    """The cluster's own identity must be allowed to give its nodes theirs: https://aka.ms/aks/custom-kubelet-identity"""
    kubelet = _kubelet_identity(put.properties)
    if not kubelet or (put.existing is not None and kubelet == _kubelet_identity(put.existing.properties)):
        return
    assigned = list((put.body.get("identity") or {}).get("userAssignedIdentities") or ())
    owner = azure.store.get(assigned[0]) if assigned else None
    action = f"{IDENTITIES}/assign/action"
    if owner is None or not azure.access.allows(owner.properties["principalId"], action, kubelet):
        raise bad_request(
            "CustomKubeletIdentityMissingPermissionError",
            "The cluster user assigned identity must be given permission to assign kubelet identity "
            f"{kubelet}. Check access result not allowed for action {action}.",
        )


def _check_disk_encryption(azure: Azure, put: Put) -> None:
    """The set is there, in the region, and the cluster's own identity may read it, or there are no nodes.

    https://learn.microsoft.com/azure/aks/azure-disk-customer-managed-keys; the code of the first is guessed.
    """
    key = put.properties.get("diskEncryptionSetID")
    if not key:
        return
    found = azure.store.get(key)
    if found is None or found.body["location"] != normal(put.body["location"]):
        raise bad_request(
            "InvalidParameter", f"The disk encryption set '{key}' was not found in the region.", "diskEncryptionSetID"
        )
    assigned = list((put.body.get("identity") or {}).get("userAssignedIdentities") or ())
    owner = azure.store.get(assigned[0]) if assigned else None
    action = "Microsoft.Compute/diskEncryptionSets/read"
    if owner is not None and not azure.access.allows(owner.properties["principalId"], action, key):
        raise ArmError(
            403,
            "LinkedAuthorizationFailed",
            f"The client with object id '{owner.properties['principalId']}' does not have permission to perform "
            f"action(s) '{action}' on the linked scope(s) '{key}' or the linked scope(s) are invalid.",
        )


def _kubelet_identity(properties: Mapping[str, Any]) -> str:
    profile = properties.get("identityProfile") or {}
    return str((profile.get("kubeletidentity") or {}).get("resourceId") or "").lower()


def _check_unchanged(put: Put, properties: Mapping[str, Any]) -> None:
    assert put.existing is not None
    known = put.existing.properties
    for name in ("dnsPrefix", "fqdnSubdomain", "nodeResourceGroup", "enableRBAC", "diskEncryptionSetID"):
        unchangeable(put, **{name: (known.get(name), properties.get(name))})
    old, new = known["networkProfile"], properties["networkProfile"]
    for name in ("networkPlugin", "podCidr", "serviceCidr", "dnsServiceIP", "loadBalancerSku"):
        unchangeable(put, **{f"networkProfile__{name}": (old.get(name), new.get(name))})
