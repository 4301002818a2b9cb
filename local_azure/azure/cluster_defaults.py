"""What AKS fills into a managed cluster: defaults, and properties only it can know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from local_azure.azure import private_dns
from local_azure.azure.resource_type import Put
from local_azure.azure.subscription import Azure

ISSUER_HOST = "oic.prod-aks.azure.com"
POD_CIDR = "10.244.0.0/16"
OVERLAY: Mapping[str, Any] = {
    "networkPlugin": "azure",
    "networkPluginMode": "overlay",
    "networkDataplane": "azure",
    "podCidr": POD_CIDR,
}
NETWORK: Mapping[str, Any] = {
    "loadBalancerSku": "standard",
    "outboundType": "loadBalancer",
    "serviceCidr": "10.0.0.0/16",
    "dnsServiceIP": "10.0.0.10",
    "ipFamilies": ["IPv4"],
}
STORAGE: Mapping[str, Any] = {
    "diskCSIDriver": {"enabled": True},
    "fileCSIDriver": {"enabled": True},
    "snapshotController": {"enabled": True},
}
KEPT = (
    "diskEncryptionSetID",
    "dnsPrefix",
    "fqdnSubdomain",
    "kubernetesVersion",
    "nodeResourceGroup",
    "linuxProfile",
    "supportPlan",
    "identityProfile",
)
"""Properties that a PUT keeps by leaving them out, besides the network profile and the pools."""


def completed(azure: Azure, put: Put, location: str, version: str, issuer: str) -> dict[str, Any]:
    """The properties of a cluster as AKS keeps them, without its pools."""
    known = put.existing.properties if put.existing else {}
    sent = {name: value for name, value in put.properties.items() if name != "agentPoolProfiles"}
    kept = {name: known[name] for name in KEPT if name in known}
    properties: dict[str, Any] = {**kept, **sent}
    group = f"MC_{put.id.resource_group}_{put.id.name}_{location}"[:80]
    suffix = hashlib.sha256(put.id.key.encode()).hexdigest()[:8]
    host = f"{properties.get('dnsPrefix') or properties.get('fqdnSubdomain')}-{suffix}"
    properties |= {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": properties.get("kubernetesVersion") or version,
        "currentKubernetesVersion": version,
        "fqdn": f"{host}.hcp.{location}.azmk8s.io",
        "azurePortalFQDN": f"{host}.portal.hcp.{location}.azmk8s.io",
        "nodeResourceGroup": properties.get("nodeResourceGroup") or group,
        "networkProfile": _network(sent.get("networkProfile") or {}, known.get("networkProfile") or {}),
        "servicePrincipalProfile": {"clientId": "msi"},
        "enableRBAC": properties.get("enableRBAC", True),
        "disableLocalAccounts": properties.get("disableLocalAccounts", False),
        "supportPlan": properties.get("supportPlan", "KubernetesOfficial"),
        "storageProfile": properties.get("storageProfile") or dict(STORAGE),
        "maxAgentPools": 100,
        "resourceUID": issuer.replace("-", "")[:24],
    }
    access, private_name = private_dns.completed(
        properties.get("apiServerAccessProfile") or {}, host, location, put.id.key
    )
    properties |= {"apiServerAccessProfile": access} if access else {}
    properties |= {"privateFQDN": private_name} if private_name else {}
    oidc = properties.get("oidcIssuerProfile") or {"enabled": False}
    if oidc.get("enabled"):
        oidc = {**oidc, "issuerURL": f"https://{location}.{ISSUER_HOST}/{azure.tenant}/{issuer}/"}
    properties["oidcIssuerProfile"] = oidc
    if (properties.get("aadProfile") or {}).get("managed"):
        defaults = {"tenantID": azure.tenant, "enableAzureRBAC": False, "adminGroupObjectIDs": None}
        properties["aadProfile"] = {**defaults, **properties["aadProfile"]}
    return properties


def _network(sent: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The network profile: overlay unless another plug-in is asked for; Azure CNI without overlay has no pod CIDR."""
    plugin, mode = sent.get("networkPlugin", "azure"), sent.get("networkPluginMode")
    if known:
        base = {**known}
    elif "networkPlugin" not in sent or mode == "overlay":
        base = {**NETWORK, **OVERLAY}
    else:
        base = {**NETWORK, **({"podCidr": POD_CIDR} if plugin == "kubenet" else {})}
    profile = {**base, **sent}
    profile["serviceCidrs"] = [profile["serviceCidr"]]
    if profile.get("podCidr"):
        profile["podCidrs"] = [profile["podCidr"]]
    return profile
