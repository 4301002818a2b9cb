"""What the fleet is told of the registry that all images come from, and as whom Flux reads it."""

from __future__ import annotations

from typing import Final

from infra.management_cluster import SOURCE
from infra.settings import Settings

OF_AZURE: Final = ".azurecr.io"
"""Flux reads such a registry as an identity: https://fluxcd.io/flux/components/source/ocirepositories/#provider"""


def of_azure(settings: Settings) -> bool:
    """Whether it is an Azure Container Registry."""
    return (settings.controllers.image_registry or "").partition("/")[0].endswith(OF_AZURE)


def values(settings: Settings) -> dict[str, str]:
    """What the fleet's manifests substitute; nothing without a mirror, since they name where images are published."""
    if not (registry := settings.controllers.image_registry):
        return {}
    by_identity = {"image_registry_login": "azure", "image_registry_account": SOURCE[0].name}
    return {"image_registry": registry, **(by_identity if of_azure(settings) else {})}
