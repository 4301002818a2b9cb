"""The release of Flux before differs from the current one in the images that its manifests name, and only there."""

from __future__ import annotations

from local_azure.toolchain import recipe
from local_azure.toolchain.prepare import FLUX_BEFORE, FLUX_CONTROLLERS


def test_every_controller_has_an_image_of_both_releases_from_one_program() -> None:
    found = {(image.repository.rpartition("/")[2], image.tag): image.program for image in recipe.load().image}
    for controller in FLUX_CONTROLLERS:
        current, before = FLUX_BEFORE[controller]
        assert found[controller, current] == found[controller, before] == controller
