"""Build what is missing, in an order in which every step finds what it needs, and cache it by what it was built from.

Every result is made in a work folder and renamed into its place, so that what is there is whole: an interrupted
build goes on where it stopped, and two processes never build at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE
from local_azure.progress import Progress
from local_azure.toolchain import documents, images, plugins, releases
from local_azure.toolchain.go import BUILD_CACHE, Go, find
from local_azure.toolchain.layout import Layout, lay_out
from local_azure.toolchain.prepare import STEPS, Materials
from local_azure.toolchain.recipe import MODULES, Tool, load

KEEP = "SLIPWAY_KEEP_BUILD_CACHE"
"""Set it to 1 to keep Go's caches and the packed programs: a changed pin then costs seconds instead of minutes."""

FREE_GIB = 16
"""What a first build needs for a while, nearly all of it Go's caches."""

FORGET_DAYS = 14


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
            _Build(layout, go, shown).run()
    layout.touch()
    return Toolchain(
        bin=layout.bin,
        releases=layout.releases,
        registry=layout.registry,
        plugins=layout.tool("pulumi-kubernetes") / "bin",
    )


class _Build:
    """One run of building: knows what is left and how long that may take on this machine."""

    def __init__(self, layout: Layout, go: Go, progress: Progress) -> None:
        self.layout = layout
        self.go = go
        self.progress = progress
        self.left = layout.missing_tools()
        self.expected = self.spent = 0.0

    def run(self) -> None:
        """Build everything that is missing, and remove what was needed only for that."""
        _check_disk(self.left)
        layout, documents_left = self.layout, not self.layout.documents.exists()
        for tool in list(self.left):
            # Documents need what comes before this tool in the recipe.
            if tool.uses_documents and documents_left:
                self._documents()
                documents_left = False
            self._tool(tool)
        if documents_left:
            self._documents()
        if not layout.bin.exists():
            with self._place(layout.bin) as target:
                layout.link_programs(target)
        if not layout.releases.exists():
            with self.progress.step("release documents") as waiting, self._place(layout.releases) as target:
                releases.render(layout, target, waiting)
        if not layout.registry.exists():
            with self.progress.step("images") as waiting, self._place(layout.registry) as target:
                images.fill(layout, target, waiting)
        with self.progress.step("Pulumi's Kubernetes provider installed"):
            plugins.install(layout)
        if os.environ.get(KEEP) != "1":
            self._remove_intermediates()
        _forget(layout)

    def _tool(self, tool: Tool) -> None:
        started = time.monotonic()
        with self.progress.step(f"{tool.name} {tool.version}") as waiting:
            work = BUILD_CACHE / "work" / tool.name
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(MODULES / tool.module, work)
            with self._place(self.layout.tool(tool.name)) as target:
                if tool.prepare:
                    kustomize = self.layout.program("kustomize")
                    STEPS[tool.prepare](Materials(work, self.go, self.layout.documents, kustomize, tool.version))
                for program, package in tool.programs.items():
                    argv = [
                        "build",
                        "-v",
                        "-ldflags",
                        tool.linker_flags(),
                        "-o",
                        str(target / "bin" / program),
                        package,
                    ]
                    self.go.run(argv, work, self._with_rest(waiting))
        self.left.remove(tool)
        self.expected += tool.seconds
        self.spent += time.monotonic() - started

    def _documents(self) -> None:
        layout = self.layout
        with self.progress.step("files of the modules") as waiting, self._place(layout.documents) as target:
            documents.collect(layout.recipe.document, target, self.go, waiting)
            generated = target / documents.GENERATED_CRDS
            documents.generate_azure_crds(generated, layout.program("controller-gen"), self.go)

    def _with_rest(self, waiting: Callable[[str], None]) -> Callable[[str], None]:
        # This machine's speed shows in the tools built so far.
        speed = self.spent / self.expected if self.expected else 1.0
        minutes = sum(tool.seconds for tool in self.left) * speed / 60
        rest = f"{len(self.left)} tools left, about {max(1, round(minutes))} min"
        return lambda line: waiting(f"{rest} · {'/'.join(line.split('/')[-2:])[:30]}")

    @contextmanager
    def _place(self, final: Path) -> Iterator[Path]:
        """A folder to fill, which becomes `final` when all went well."""
        target = BUILD_CACHE / "work" / f"{final.name}.new"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        yield target
        final.parent.mkdir(parents=True, exist_ok=True)
        target.rename(final)

    def _remove_intermediates(self) -> None:
        for tool in self.layout.recipe.used("image", "render"):
            shutil.rmtree(self.layout.tool(tool.name), ignore_errors=True)
        if BUILD_CACHE.exists():
            # Go makes its module cache read-only.
            self.go.run(["clean", "-modcache"], CACHE, lambda line: None)
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
    with (CACHE / "lock").open("w") as lock:
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
