"""What the fleet is told of a registry, and when Flux reads one as an identity."""

from __future__ import annotations

import pytest

from management_cluster import flux, image_registry
from tests.unit.test_settings import parse


def test_without_a_registry_nothing_is_told() -> None:
    assert image_registry.values(parse()) == {}
    assert not flux.sources_by_identity(parse())


@pytest.mark.parametrize("registry", ["mirror.azurecr.io", "mirror.azurecr.io/of/others"])
def test_an_azure_container_registry_is_read_as_the_identity_for_sources(registry: str) -> None:
    assert image_registry.values(parse(imageRegistry=registry)) == {
        "image_registry": registry,
        "image_registry_login": "azure",
        "image_registry_account": "flux-source",
    }
    assert flux.sources_by_identity(parse(imageRegistry=registry))


@pytest.mark.parametrize("registry", ["mirror.example.com", "azurecr.io.example.com", "127.0.0.1:5000/x.azurecr.io"])
def test_any_other_is_read_without(registry: str) -> None:
    assert image_registry.values(parse(imageRegistry=registry)) == {"image_registry": registry}
    assert not flux.sources_by_identity(parse(imageRegistry=registry))
