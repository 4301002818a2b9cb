"""The values that Flux substitutes: from the management cluster, from ConfigMaps and Secrets of the fleet, inline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Values = Mapping[str, Mapping[str, str]]
"""Name of a ConfigMap or Secret of the management cluster, to its data."""

PLACEHOLDERS: Final[Values] = {
    "runtime-info": {
        "subscription_id": "00000000-0000-0000-0000-000000000001",
        "tenant_id": "00000000-0000-0000-0000-000000000002",
        "location": "northeurope",
        "management_cluster": "management",
        "resource_group": "management",
        "oidc_issuer_url": "https://issuer.example.com/",
        "aso_client_id": "00000000-0000-0000-0000-000000000003",
        "capz_client_id": "00000000-0000-0000-0000-000000000004",
        "flux_client_id": "00000000-0000-0000-0000-000000000005",
        "fleet_url": "https://git.example.com/fleet.git",
        "fleet_branch": "main",
        "domain": "fleet.example.com",
    },
    "fleet-git-values": {"git_username": "placeholder", "git_password": "placeholder"},
}
"""For what the program writes when it hands over, see management_cluster/hand_off.py."""


TEAM: Final = "slipway.dev/tenant"
"""On the Kustomization that is a team's place on a cluster."""

BY_HAND: Final = {"username": "placeholder", "password": "placeholder"}
"""What it substitutes from: the team's Git credential, which is in no repository."""


class MissingValues(Exception):
    """A Kustomization substitutes from what nobody makes."""


def of_kustomization(kustomization: dict[str, Any], rendered: list[dict[str, Any]], given: Values) -> dict[str, str]:
    """What Flux would substitute, a later source and what is inline winning.

    https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution

    Args:
        rendered: the objects that are there before, among which substituteFrom is looked up.
        given: what is on the management cluster besides; it wins over what is rendered.

    Raises:
        MissingValues: a source that is not optional is nowhere.
    """
    post_build = kustomization["spec"].get("postBuild") or {}
    found: dict[str, str] = {}
    namespace = kustomization["metadata"].get("namespace")
    for source in post_build.get("substituteFrom") or []:
        data = given.get(source["name"])
        if data is None:
            data = _data(source["kind"], namespace, source["name"], rendered)
        if data is None and TEAM in kustomization["metadata"].get("labels", {}):
            data = BY_HAND
        if data is not None:
            found |= {key: str(value).replace("\n", "") for key, value in data.items()}
        elif not source.get("optional"):
            raise MissingValues(
                f"it substitutes from {source['kind']} {source['name']}, which neither the fleet nor the program makes"
            )
    return found | (post_build.get("substitute") or {})


def _data(kind: str, namespace: str | None, name: str, rendered: list[dict[str, Any]]) -> dict[str, Any] | None:
    for each in rendered:
        metadata = each["metadata"]
        if each["kind"] == kind and metadata["name"] == name and metadata.get("namespace") == namespace:
            data = {**(each.get("data") or {}), **(each.get("stringData") or {})}
            return {key: value or "" for key, value in data.items()}
    return None
