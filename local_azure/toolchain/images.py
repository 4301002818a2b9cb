"""Pack the programs into images under their upstream names, and store them as a registry serves them.

The names are upstream's, so the manifests that use them stay unmodified. The only addition is the local Azure's
certificate authority in the images' trust store, where a company's proxy would have its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from local_azure.command import run
from local_azure.machine import authority
from local_azure.toolchain import oci
from local_azure.toolchain.layout import IMAGE_KEYS, Layout
from local_azure.toolchain.recipe import Image
from local_azure.toolchain.registry_storage import serving

FLUX_MANIFESTS = "fluxcd/flux-manifests"
FLUX_SOURCE = "https://github.com/fluxcd/flux2"

PASSWD = b"""root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
"""
GROUP = b"root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"


def fill(layout: Layout, target: Path, waiting: Callable[[str], None]) -> None:
    """Store all images and the Flux manifests in the folder `target`; unchanged images come from an earlier folder.

    Raises:
        LocalAzureError: an image cannot be packed or stored.
    """
    base = oci.layer(base_entries(authority.bundle()))
    registry = layout.program("registry")
    with ExitStack() as stack:
        new = stack.enter_context(serving(registry, target))
        earlier = {
            folder: stack.enter_context(serving(registry, folder))
            for folder in {layout.packed_in(image) for image in layout.recipe.image} - {None}
            if folder is not None
        }

        def store(image: Image) -> None:
            waiting(image.reference)
            folder = layout.packed_in(image)
            if folder is None:
                _pack(layout, image, base, new)
            else:
                source = f"{earlier[folder]}/{image.stored}"
                run([layout.program("crane"), "copy", "--insecure", source, f"{new}/{image.stored}"], timeout=300)

        with ThreadPoolExecutor(2) as workers:
            list(workers.map(store, layout.recipe.image))
        waiting("the Flux manifests")
        _push_flux_manifests(layout, new)
    (target / IMAGE_KEYS).write_text(json.dumps(layout.image_keys, indent=1))


def base_entries(certificate_authorities: bytes) -> list[oci.Entry]:
    """What every image has below its program: users, a temporary folder, whom to trust."""
    return [
        oci.Entry("tmp", mode=0o1777),
        oci.Entry("etc/passwd", PASSWD, 0o644),
        oci.Entry("etc/group", GROUP, 0o644),
        oci.Entry("etc/nsswitch.conf", b"hosts: files dns\n", 0o644),
        oci.Entry("etc/ssl/certs/ca-certificates.crt", certificate_authorities, 0o644),
        oci.Entry("home/nonroot", mode=0o777),
    ]


def _pack(layout: Layout, image: Image, base: oci.Blob, registry: str) -> None:
    program = oci.Entry(image.path.lstrip("/"), layout.program(image.program).read_bytes())
    files: list[oci.Entry] = []
    if image.files and image.files_at:
        folder = image.files_at.lstrip("/")
        sources = sorted((layout.releases / image.files).iterdir())
        files = [oci.Entry(f"{folder}/{file.name}", file.read_bytes(), 0o644) for file in sources]
    with TemporaryDirectory() as work:
        packed = Path(work) / "image"
        oci.write_layout(packed, [base, oci.layer([*files, program])], entrypoint=image.path, user=image.user)
        run([layout.program("crane"), "push", "--insecure", packed, f"{registry}/{image.stored}"], timeout=300)


def _push_flux_manifests(layout: Layout, registry: str) -> None:
    version = next(tool.version for tool in layout.recipe.tool if tool.name == "flux-cli")
    artifact = f"oci://{registry}/{FLUX_MANIFESTS}:{version}"
    revision = f"{version}@sha1:{'0' * 40}"
    options = [f"--path={layout.releases / 'flux'}", f"--source={FLUX_SOURCE}", f"--revision={revision}"]
    run([layout.program("flux"), "push", "artifact", artifact, *options, "--reproducible", "--insecure-registry"])
