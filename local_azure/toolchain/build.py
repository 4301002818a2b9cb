"""Build what is missing, in an order in which every step finds what it needs, and cache it by what it was built from.

Every result is made in a work folder and renamed into its place, so that what is there is whole: an interrupted
build goes on where it stopped, and two processes never build at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE
from local_azure.progress import Progress
from local_azure.toolchain import documents, images, language_host, plugins, releases
from local_azure.toolchain.find_go import find
from local_azure.toolchain.go import BUILD_CACHE, Go
from local_azure.toolchain.lanes import Lanes
from local_azure.toolchain.layout import Layout, lay_out, place
from local_azure.toolchain.recipe import Tool, load

KEEP = "SLIPWAY_KEEP_BUILD_CACHE"
"""Set it to 1 to keep Go's caches and the packed programs: a changed pin then costs seconds instead of minutes."""

FREE_GIB = 26
"""What a first build needs for a while, nearly all of it Go's caches."""

FORGET_DAYS = 14
FIRST = ("kustomize", "controller-gen")


@dataclass(frozen=True)
class Toolchain:
    """What is built. `bin` is for PATH; `releases` has what upstream projects publish for download, and the ordinary
    clusterctl.yaml in `releases`/xdg; `registry` is the storage of a CNCF Distribution registry with all images;
    `plugins` has the executable of Pulumi's Kubernetes provider, which is also installed in our own Pulumi home.
    """

    bin: Path
    releases: Path
    registry: Path
    plugins: Path


def ensure(progress: Progress | None = None) -> Toolchain:
    """Build what is missing; says nothing and takes a fraction of a second when nothing is.

    Raises:
        LocalAzureError: Go or disk is missing, a module cannot be had, or a build failed; what is built is kept.
    """
    go = find()
    layout = lay_out(load(), go)
    if not layout.complete():
        shown = progress or Progress()
        with _alone(shown):
            _build(layout, go, shown)
    layout.touch()
    return _results(layout)


def built() -> Toolchain | None:
    """What `ensure` would return, if nothing is missing; builds nothing."""
    layout = lay_out(load(), find())
    return _results(layout) if layout.complete() else None


def _results(layout: Layout) -> Toolchain:
    return Toolchain(
        bin=layout.bin,
        releases=layout.releases,
        registry=layout.registry,
        plugins=layout.tool("pulumi-kubernetes") / "bin",
    )


def _build(layout: Layout, go: Go, progress: Progress) -> None:
    """Build everything that is missing, and remove what was needed only for that."""
    missing = layout.missing_tools()
    _check_disk(missing)
    lanes = Lanes(layout, go, progress)
    # What the documents are made with, and other tools from them.
    first = [tool for tool in missing if tool.name in FIRST]
    lanes.build(first)
    if not layout.documents.exists():
        with progress.step("files of the modules") as waiting, place(layout.documents) as target:
            documents.collect(layout.recipe.document, target, go, waiting)
            generated = target / documents.GENERATED_CRDS
            documents.generate_azure_crds(generated, layout.program("controller-gen"), go)
    lanes.build([tool for tool in missing if tool not in first])
    if not layout.language_host.exists():
        with place(layout.language_host) as target:
            language_host.prepare(target)
    if not layout.bin.exists():
        with place(layout.bin) as target:
            layout.link_programs(target)
    if not layout.releases.exists():
        with progress.step("release documents") as waiting, place(layout.releases) as target:
            releases.render(layout, target, waiting)
    if not layout.registry.exists():
        with progress.step("images") as waiting, place(layout.registry) as target:
            images.fill(layout, target, waiting)
    with progress.step("Pulumi's Kubernetes provider installed"):
        plugins.install(layout)
    if os.environ.get(KEEP) != "1":
        _remove_intermediates(layout, go)
    _forget(layout)


def _remove_intermediates(layout: Layout, go: Go) -> None:
    for tool in layout.recipe.used("image", "render"):
        shutil.rmtree(layout.tool(tool.name), ignore_errors=True)
    if BUILD_CACHE.exists():
        # Go makes its module cache read-only.
        go.run(["clean", "-modcache"], CACHE, lambda line: None)
        shutil.rmtree(BUILD_CACHE)


def _forget(layout: Layout) -> None:
    """Remove what earlier recipes left, unless another checkout used it lately."""
    for path in layout.others():
        if path.stat().st_mtime < time.time() - FORGET_DAYS * 86400:
            shutil.rmtree(path)


@contextmanager
def _alone(progress: Progress) -> Iterator[None]:
    """Wait until no other process builds; the lock goes with the process, however it ends."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # Not the lock of `make local`, which builds while it holds its own.
    with (CACHE / "toolchain.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("another process builds the tools: waiting for it"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_disk(left: list[Tool]) -> None:
    cached = (BUILD_CACHE / "go-build").exists()
    free = shutil.disk_usage(CACHE).free / 2**30
    if sum(tool.seconds for tool in left) > 300 and not cached and free < FREE_GIB:
        raise LocalAzureError(
            f"the first build needs {FREE_GIB} GB of disk for a while (2 GB stay), and {CACHE} has {free:.0f} GB free",
            "free some disk, or set SLIPWAY_CACHE to a folder on a larger one",
        )
